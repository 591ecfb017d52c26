// Challenges that are to be answered now, as files of the store: every gateway that follows it can
// answer them. Blocks on the disk.
//   STORE/challenges/TOKEN.json     type, name, token, key authorization
#pragma once

#include "certs/issuer/challenges.h"
#include "certs/store/paths.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

inline constexpr std::size_t kChallengesMax = 1000;

std::string challenge_folder(const StorePaths& paths);

std::string format_challenge(const Challenge& challenge);
// Errors: no such record, a token that is none (RFC 8555 section 8.1).
Result<Challenge> parse_challenge(std::string_view text);

// At most kChallengesMax; damaged files are left out. None when there is no folder.
std::vector<Challenge> read_challenges(const StorePaths& paths);

// Puts challenges up there, for gateways to answer.
class FolderBoard final : public ChallengeBoard {
 public:
  // Waits until the gateways can answer it. May be empty.
  using AwaitGateways = std::function<Result<>(const Challenge& challenge)>;

  FolderBoard(StorePaths paths, AwaitGateways await)
      : paths_(std::move(paths)), await_(std::move(await)) {}

  [[nodiscard]] bool can_answer(ChallengeType type) const override {
    return type != ChallengeType::dns_01;
  }

  Result<> put_up(const Challenge& challenge) override;
  void take_down(const Challenge& challenge) override;

 private:
  StorePaths paths_;
  AwaitGateways await_;
};

}  // namespace ravelin::certs
