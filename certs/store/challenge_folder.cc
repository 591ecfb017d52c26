#include "certs/store/challenge_folder.h"

#include "base/io/file.h"
#include "base/io/log.h"
#include "certs/store/durable.h"
#include "certs/store/json_members.h"
#include "certs/store/record_folder.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace ravelin::certs {

namespace json = boost::json;
using base::Errc;
using base::fail;

namespace {

constexpr std::size_t kTokenMax = 200;

bool is_token(std::string_view token) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  return !token.empty() && token.size() <= kTokenMax && std::ranges::all_of(token, is_plain);
}

std::string file_of(const StorePaths& paths, const Challenge& challenge) {
  return record_file(challenge_folder(paths), challenge.token);
}

}  // namespace

std::string challenge_folder(const StorePaths& paths) {
  return paths.for_gateways() + "/challenges";
}

std::string format_challenge(const Challenge& challenge) {
  const json::object object{{"type", text_of(challenge.type)},
                            {"name", challenge.name},
                            {"token", challenge.token},
                            {"key_authorization", challenge.key_authorization}};
  return json::serialize(object) + "\n";
}

Result<Challenge> parse_challenge(std::string_view text) {
  auto members = JsonMembers::parse(text, "a challenge");
  if (!members) return members.error();
  const std::string type = members->text("type");
  Challenge challenge{ChallengeType::http_01, members->text("name"), members->text("token"),
                      members->text("key_authorization")};
  if (auto whole = members->whole(); !whole) return whole.error();
  const auto* known = std::ranges::find(kChallengeTypes, type);
  if (known == std::end(kChallengeTypes))
    return fail(Errc::invalid, "a challenge of an unknown type");
  challenge.type = static_cast<ChallengeType>(known - std::begin(kChallengeTypes));
  if (!is_token(challenge.token) || !challenge.key_authorization.starts_with(challenge.token + "."))
    return fail(Errc::invalid, "a challenge without a token");
  return challenge;
}

std::vector<Challenge> read_challenges(const StorePaths& paths) {
  std::vector<Challenge> challenges;
  each_record(challenge_folder(paths), [&](const std::string& /*stem*/, const std::string& text) {
    if (auto challenge = parse_challenge(text); challenge)
      challenges.push_back(std::move(*challenge));
    return challenges.size() < kChallengesMax;
  });
  return challenges;
}

Result<> FolderBoard::put_up(const Challenge& challenge) {
  if (!is_token(challenge.token))
    return fail(Errc::invalid, "the CA's token for {} is none", challenge.name);
  if (auto made = make_folder(challenge_folder(paths_)); !made) return made;
  if (read_challenges(paths_).size() >= kChallengesMax)
    return fail(Errc::unavailable, "more than {} challenges at once in {}", kChallengesMax,
                challenge_folder(paths_));
  auto written = base::replace_file(file_of(paths_, challenge), format_challenge(challenge), 0600);
  if (!written || !await_) return written;
  return await_(challenge);
}

void FolderBoard::take_down(const Challenge& challenge) {
  if (!is_token(challenge.token)) return;
  const std::string file = file_of(paths_, challenge);
  if (::unlink(file.c_str()) == 0 || errno == ENOENT) return;
  base::log_warn("certs", "a challenge could not be taken down",
                 {{"file", file}, {"error", base::fail_errno(errno, "removing").message}});
}

}  // namespace ravelin::certs
