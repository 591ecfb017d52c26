// One PKCS#11 module (a library that speaks to tokens), loaded and initialised by the process that
// uses it, through p11-kit: others in this process may use the same module. Any thread.
#pragma once

#include "certs/token/key_uri.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

namespace ravelin::certs {

class TokenModule {
 public:
  using Release = std::function<void(CK_FUNCTION_LIST*)>;

  // The module at `path`; "" = all that this host has configured (p11-kit list-modules), but for
  // those that do not start: one may well be of another program. Errors: none does.
  static Result<std::vector<std::shared_ptr<TokenModule>>> load(const std::string& path);

  // Initialises the functions; `release` is called with them in the end. `name`: for messages.
  static Result<std::shared_ptr<TokenModule>> open(std::string name, CK_FUNCTION_LIST* list,
                                                   Release release);

  // What the module at `path` is called.
  static std::string name_of(const std::string& path);

  TokenModule(const TokenModule&) = delete;
  TokenModule& operator=(const TokenModule&) = delete;
  ~TokenModule();

  // Where it lies, links followed: two with the same are one.
  [[nodiscard]] const std::string& name() const { return name_; }

  // While one exists, the module stays initialised.
  struct Use {
    std::shared_lock<std::shared_timed_mutex> lock;
    CK_FUNCTION_LIST& functions;
    std::uint64_t epoch;  // handles of another one mean nothing
  };

  Use use();

  // Slots with a token in them.
  Result<std::vector<SlotFacts>> slots();

  // Everything anew: some modules see a token again only then. All sessions are gone. False: it
  // cannot be, or somebody was using the module for too long.
  bool reinitialise();

 private:
  TokenModule(std::string name, CK_FUNCTION_LIST* functions, Release release)
      : name_(std::move(name)), functions_(functions), release_(std::move(release)) {}

  CK_RV initialise();

  std::string name_;
  CK_FUNCTION_LIST* functions_;
  Release release_;
  std::shared_timed_mutex in_use_;
  std::uint64_t epoch_ = 1;
  bool is_initialised_ = false;
};

}  // namespace ravelin::certs
