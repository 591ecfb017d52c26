// Session ticket keys (RFC 5077, RFC 8446 section 4.6.1): the newest encrypts, the older ones still
// decrypt. The ring lives on the control thread; workers get its immutable TicketKeys and never
// write to them.
#pragma once

#include "base/clock.h"
#include "base/result.h"

#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace ravelin::gateway {

// One key: AES-256-CBC and HMAC-SHA-256. Wiped when it goes.
struct TicketKey {
  std::array<unsigned char, 16> name{};
  std::array<unsigned char, 32> aes{};
  std::array<unsigned char, 32> hmac{};

  TicketKey() = default;
  TicketKey(const TicketKey&) = default;
  TicketKey& operator=(const TicketKey&) = default;
  ~TicketKey();
};

// A generation of the ring, newest key first, never empty. Immutable; any thread.
struct TicketKeys {
  std::vector<TicketKey> keys;
};

struct TicketRingOptions {
  std::chrono::seconds rotate_every{12 * 3600};
  int keep = 3;  // keys held, at least 2: the newest encrypts, all decrypt

  bool operator==(const TicketRingOptions&) const = default;
};

class TicketRing {
 public:
  // One key at first. Error: the system has no randomness.
  static base::Result<TicketRing> create(const TicketRingOptions& options, base::MonoTime now);

  // Makes a new key and drops the oldest beyond `keep` if `rotate_every` has passed since the last
  // rotation. True: keys() has changed and must be handed to the workers. On an error the ring is
  // as before, and stays due.
  base::Result<bool> rotate(base::MonoTime now);

  // Replaces every key at once, so that no earlier ticket is accepted (after a suspected leak).
  base::Result<> replace_all(base::MonoTime now);

  [[nodiscard]] const std::shared_ptr<const TicketKeys>& keys() const { return keys_; }

  [[nodiscard]] const TicketRingOptions& options() const { return options_; }

  [[nodiscard]] base::MonoTime next_rotation() const { return rotated_at_ + options_.rotate_every; }

 private:
  TicketRing() = default;

  TicketRingOptions options_;
  base::MonoTime rotated_at_;
  std::shared_ptr<const TicketKeys> keys_;
};

// How long a ticket may be used: until its key can leave the ring (RFC 9325 section 4.1.2), at most
// the 7 days of RFC 8446.
std::chrono::seconds ticket_lifetime(const TicketRingOptions& options);

// Makes the context take its ticket keys from the connection's HandshakeInfo (handshake_info.h).
void install_ticket_callback(SSL_CTX* context);

}  // namespace ravelin::gateway
