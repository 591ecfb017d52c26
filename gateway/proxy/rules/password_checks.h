// PasswordChecks: compares passwords with their hashes by crypt(3), which takes a tenth of a second
// and more on purpose, on two threads of its own. Workers ask and get the answer posted; they never
// wait. The threads start with the first question.
#pragma once

#include "gateway/net/reactor.h"

#include <functional>
#include <memory>
#include <string>

namespace ravelin::gateway {

class PasswordChecks {
 public:
  static constexpr std::size_t kThreads = 2;
  static constexpr std::size_t kWaitingMax = 64;  // questions, gateway-wide

  PasswordChecks();
  PasswordChecks(const PasswordChecks&) = delete;
  PasswordChecks& operator=(const PasswordChecks&) = delete;
  // Ends its threads; questions that still wait are dropped. The reactors asked for must outlive
  // it.
  ~PasswordChecks();

  using Answer = std::function<void(bool is_right)>;

  // Any thread. `answer` is called on the reactor's thread. False, and nothing happens, when
  // kWaitingMax questions wait already.
  bool ask(std::string password, std::string hash, Reactor& reactor, Answer answer);

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

// Blocks. Whether `password` has this hash; false for a hash crypt(3) does not know.
bool matches_hash(const std::string& password, const std::string& hash);

}  // namespace ravelin::gateway
