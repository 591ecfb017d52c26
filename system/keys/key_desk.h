// Who is asked for signatures: messages in, messages out. Signs nothing but what TLS 1.2 and 1.3
// have signed, of parts it is told (certs/signing), only with keys of its list, each only for the
// side it is for, and so many a second. Says nothing of a key but whether it fits. Any thread.
#pragma once

#include "messages/message.h"
#include "system/keys/key_rack.h"

#include <functional>

namespace ravelin::system {

class KeyDesk {
 public:
  struct Options {
    KeyRack::Options rack{};
    double signatures_per_second = 50'000;
    double burst = 10'000;
    std::function<base::MonoTime()> now = base::mono_now;
  };

  explicit KeyDesk(KeyList list) : KeyDesk(std::move(list), Options{}) {}

  KeyDesk(KeyList list, Options options);
  KeyDesk(const KeyDesk&) = delete;
  KeyDesk& operator=(const KeyDesk&) = delete;
  // Waits for the tokens. No answer comes after it.
  ~KeyDesk() = default;

  using Answer = std::function<void(const messages::Message& answer)>;

  // Calls `answer` once: before it returns, or for a key in a token on one of that one's threads.
  // False, and no answer: this is nothing one asks here.
  bool take(const messages::Message& question, Answer answer);

  // From now on.
  void use(KeyList list) { rack_.use(std::move(list)); }

  [[nodiscard]] messages::KeyCounts counts() const;

 private:
  void sign(const messages::SignRequest& request, Answer answer);
  void sign_with_token(const HeldKey& key, const messages::SignRequest& request,
                       std::span<const unsigned char> structure, Answer answer);
  messages::SignResult sign_here(const HeldKey& key, std::uint16_t scheme,
                                 std::span<const unsigned char> structure);
  messages::SignResult refuse(std::string why);
  messages::KeyAnswer look_at(const messages::KeyQuestion& question);
  bool may_sign_now();

  const Options options_;
  std::mutex rate_mutex_;
  double tokens_left_;
  base::MonoTime filled_at_;
  std::atomic<std::uint64_t> signatures_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::uint64_t> limited_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::uint64_t> waiting_{0};
  std::atomic<std::uint64_t> signing_ns_{0};
  KeyRack rack_;  // last: its tokens answer until they are gone
};

// What is wrong with a request before any key is looked at; "" = nothing. TLS 1.3 has no PKCS #1
// v1.5 (RFC 8446 section 4.2.3).
std::string_view flaw_of(const messages::SignRequest& request);

}  // namespace ravelin::system
