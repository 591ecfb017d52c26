// A PKCS#11 module that behaves, in memory: one token, its PIN and its keys. It can be pulled out,
// and be made to wait. One at a time in a process; any thread.
#pragma once

#include "certs/handles.h"
#include "certs/token/token_module.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace ravelin::certs::test {

class FakeToken {
 public:
  static constexpr const char* kPin = "1234";
  static constexpr const char* kLabel = "web";

  FakeToken();
  FakeToken(const FakeToken&) = delete;
  FakeToken& operator=(const FakeToken&) = delete;
  ~FakeToken();

  // To be let go of before the token is.
  static std::shared_ptr<TokenModule> module();

  void add_key(const std::string& label, const std::string& id, EVP_PKEY* key);
  void remove_keys();

  // Gone, with all sessions. `needs_init`: a module that was told to start again sees it, another
  // one does not (as SoftHSM).
  void pull_out();
  void put_in();

  void see_only_after_init() { needs_init_ = true; }

  // Signatures wait until let_go().
  void hold();
  void let_go();

  // What is wrong with it.
  void use_pin(std::string pin);
  void lock_pin();
  void last_try();
  void forget_mechanism(CK_MECHANISM_TYPE mechanism);
  void ask_always();

  [[nodiscard]] int logins() const;  // tried
  [[nodiscard]] int inits() const;
  [[nodiscard]] int signatures() const;
  [[nodiscard]] std::size_t open_sessions() const;

 private:
  friend struct FakeFunctions;

  struct Object {
    std::string label;
    std::string id;
    KeyPtr key;
  };

  struct Session {
    CK_SESSION_HANDLE handle;
    std::vector<CK_OBJECT_HANDLE> found;
    CK_OBJECT_HANDLE signs = 0;
    CK_MECHANISM_TYPE mechanism = 0;
  };

  Session* find(CK_SESSION_HANDLE handle);
  Object* object(CK_OBJECT_HANDLE handle);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Object> objects_;  // an object's handle is its place + first_handle_
  CK_OBJECT_HANDLE first_handle_ = 1;
  std::vector<Session> sessions_;
  CK_SESSION_HANDLE next_session_ = 1;
  std::string pin_ = kPin;
  CK_FLAGS pin_flags_ = 0;
  std::set<CK_MECHANISM_TYPE> forgotten_;
  bool asks_always_ = false;
  bool is_in_ = true;
  bool is_seen_ = true;
  bool needs_init_ = false;
  bool is_held_ = false;
  bool is_logged_in_ = false;
  int logins_ = 0;
  int inits_ = 0;
  int signatures_ = 0;
};

}  // namespace ravelin::certs::test
