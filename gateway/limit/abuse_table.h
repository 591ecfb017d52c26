// AbuseTable: points against clients, and who is banned for them. Bounded, decaying, shared by all
// workers. Decides; tells nobody. Any thread.
#pragma once

#include "base/address.h"
#include "base/clock.h"
#include "gateway/config/abuse_config.h"
#include "gateway/limit/bucket_table.h"
#include "gateway/limit/sip_hash.h"

#include <memory>
#include <optional>
#include <vector>

namespace ravelin::gateway {

class AbuseTable {
 public:
  // `trusted`: proxies, which are never banned any more than `config.never`. What `before` knows is
  // kept where the table keeps its size.
  static std::shared_ptr<AbuseTable> make(const AbuseConfig& config,
                                          const std::vector<base::IpPrefix>& trusted,
                                          const AbuseTable* before);

  // True when these points bring the client over its budget: it is banned from now on, and no other
  // caller is told so.
  bool note(const base::IpAddress& client, std::uint32_t points, base::MonoTime now);

  [[nodiscard]] bool is_banned(const base::IpAddress& client, base::MonoTime now) const;

  [[nodiscard]] std::chrono::seconds ban_time() const { return config_.ban; }

  struct Client {
    base::IpPrefix prefix;
    std::uint32_t points = 0;
    std::chrono::seconds banned_for{0};  // 0 = not banned
  };

  // The banned, those that stay so longest first, then those with the most points.
  [[nodiscard]] std::vector<Client> worst(std::size_t count, base::MonoTime now) const;

  struct Counts {
    std::size_t clients = 0;  // with points; estimated
    std::size_t banned = 0;   // estimated
  };

  [[nodiscard]] Counts counts(base::MonoTime now) const;

  // Points and ban; false when there was neither.
  bool forget(const base::IpPrefix& client, base::MonoTime now);

 private:
  AbuseTable() = default;

  [[nodiscard]] bool is_exempt(const base::IpAddress& client) const;
  [[nodiscard]] BucketTable::Key key_of(std::uint64_t id) const;

  AbuseConfig config_;  // `never` holds the trusted, too
  SipKey secret_;
  std::shared_ptr<BucketTable> points_;
  std::shared_ptr<BucketTable> bans_;
};

// A client's prefix (client_prefix()) as a number other than 0, and back. IPv6 networks are their
// first 64 bits; IPv4 addresses stand in 0:0:1::/48, which is nobody's.
std::uint64_t pack_client(const base::IpPrefix& client);
base::IpPrefix unpack_client(std::uint64_t id);

}  // namespace ravelin::gateway
