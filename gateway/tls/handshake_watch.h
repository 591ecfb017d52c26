// Who takes a certificate of the store, and who does not, once another generation is shown: full
// handshakes that end well, and clients that had taken the certificate before and now end the
// handshake with an alert about it. A client is an address or IPv6 /64 (client_prefix.h). Bounded:
// clients remembered, names under watch at once, refusing clients counted of each. One per store
// and gateway, shared by its workers, who pay for it once in a full handshake; no lock.
#pragma once

#include "base/address.h"
#include "base/clock.h"
#include "certs/store.h"
#include "gateway/limit/sip_hash.h"
#include "gateway/tls/known_clients.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

namespace ravelin::gateway {

class HandshakeWatch {
 public:
  HandshakeWatch();

  // ---- any thread ----
  // A full handshake has ended well. Clients without an address and pairs of no store count for
  // nothing.
  void accepted(const base::IpAddress& client, const certs::PairSource& shown);
  // The client has ended the handshake with an alert about the certificate.
  void refused(const base::IpAddress& client, const certs::PairSource& shown);

  struct Seen {
    std::uint64_t accepted = 0;         // handshakes that ended well with the generation watched
    std::uint64_t accepted_before = 0;  // with another one, since
    std::uint32_t refusing = 0;  // clients that refuse it and have taken one before; kRefusingMax
  };

  // nullopt: the generation is not under watch.
  [[nodiscard]] std::optional<Seen> seen(const certs::PairSource& watched) const;

  // ---- one thread ----
  // From here on this generation of a name is watched, in place of another one of it. Where there
  // are too many, the one that was begun longest ago gives way.
  void begin(const certs::PairSource& watched);
  void end(const certs::PairSource& watched);

  void age(base::MonoTime now) { known_.age(now); }

  static constexpr std::size_t kWatchedMax = 512;
  static constexpr std::size_t kRefusingMax = 64;

 private:
  static constexpr std::size_t kWays = 8;

  struct Slot {
    std::atomic<std::uint64_t> name{0};        // 0 = free
    std::atomic<std::uint64_t> generation{0};  // 0 = counts nothing
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> accepted_before{0};
    std::atomic<std::uint32_t> refusing{0};
    std::array<std::atomic<std::uint32_t>, kRefusingMax> who{};
    std::uint64_t begun = 0;  // which one in order
  };

  [[nodiscard]] std::uint64_t hash_of(const base::IpAddress& client, std::uint64_t name) const;
  [[nodiscard]] Slot* find(std::uint64_t name) const;
  [[nodiscard]] Slot* ways_of(std::uint64_t name) const;

  const SipKey key_;
  KnownClients known_;
  std::unique_ptr<Slot[]> slots_;
  std::atomic<std::size_t> watched_{0};
  std::uint64_t begun_ = 0;
};

}  // namespace ravelin::gateway
