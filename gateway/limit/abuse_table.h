// AbuseTable: points against clients, what triggers have counted of them, and who is banned for it.
// Bounded, decaying, shared by all workers. Decides; tells nobody. Any thread.
#pragma once

#include "base/address.h"
#include "base/clock.h"
#include "gateway/config/abuse_config.h"
#include "gateway/limit/bucket_table.h"
#include "gateway/limit/path_traps.h"
#include "gateway/limit/sip_hash.h"

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

// A ban that begins.
struct AbuseBan {
  std::chrono::seconds duration{0};
  std::uint32_t offence = 1;  // the how-manieth of this client that is not forgotten
  std::string_view rule;      // the trigger's name; "" = the budget. Lives as long as the table
};

class AbuseTable {
 public:
  // Whom a configuration never bans, besides `config.never`.
  struct Exempt {
    std::vector<base::IpPrefix> trusted;  // proxies: their clients are judged in their place
    std::vector<base::IpAddress> hosts;   // servers, resolvers
  };

  // What `before` knows is kept where the table keeps its size, and each kind of it where it would
  // mean the same: points with their budget and window, offences with their `forget`, what a
  // trigger has counted with all that the trigger is. Levels are times: in other units a few could
  // be many.
  static std::shared_ptr<AbuseTable> make(const AbuseConfig& config, Exempt exempt,
                                          const AbuseTable* before);

  // A ban when these points bring the client over its budget: it is banned from now on, and no
  // other caller is told so.
  std::optional<AbuseBan> note(const base::IpAddress& client, std::uint32_t points,
                               base::MonoTime now);

  // Whether any trigger counts such events: where none does, there is nothing to call.
  [[nodiscard]] bool counts(AbuseEvent event) const {
    return (counted_ >> static_cast<unsigned>(event) & 1U) != 0;
  }

  // The same for what triggers count. An event of no status and no path.
  std::optional<AbuseBan> note_event(const base::IpAddress& client, AbuseEvent event,
                                     base::MonoTime now);
  std::optional<AbuseBan> note_status(const base::IpAddress& client, int status,
                                      base::MonoTime now);
  std::optional<AbuseBan> note_path(const base::IpAddress& client, std::string_view path,
                                    base::MonoTime now);

  [[nodiscard]] bool is_banned(const base::IpAddress& client, base::MonoTime now) const;

  struct Client {
    base::IpPrefix prefix;
    std::uint32_t points = 0;
    std::chrono::seconds banned_for{0};  // 0 = not banned
  };

  // The banned, those that stay so longest first, then those with the most points.
  [[nodiscard]] std::vector<Client> worst(std::size_t count, base::MonoTime now) const;

  // All that is known of one client.
  struct Standing {
    Client client;
    std::uint32_t offences = 0;  // bans that are not forgotten
    bool is_exempt = false;
    std::vector<std::pair<std::string, std::uint32_t>> counted;  // by triggers, those not 0
  };

  [[nodiscard]] Standing standing(const base::IpAddress& client, base::MonoTime now) const;

  struct Counts {
    std::size_t clients = 0;  // with points; estimated
    std::size_t banned = 0;   // estimated
  };

  [[nodiscard]] Counts counts(base::MonoTime now) const;

  // Points, ban, offences and what triggers counted; false when there was neither of the first two.
  bool forget(const base::IpPrefix& client, base::MonoTime now);

 private:
  struct Trigger {
    AbuseTrigger config;
    PathTraps traps;
    std::shared_ptr<BucketTable> counted;

    [[nodiscard]] base::Duration cost() const {
      return base::Duration(config.window) / config.count;
    }
  };

  AbuseTable() = default;

  void take_over(const AbuseTable& before);
  void add_triggers(const AbuseTable* before);
  [[nodiscard]] bool is_exempt(const base::IpAddress& client) const;
  [[nodiscard]] BucketTable::Key key_of(std::uint64_t id) const;
  [[nodiscard]] std::uint32_t offences(const BucketTable::Key& key, base::MonoTime now) const;
  std::optional<AbuseBan> begin_ban(const BucketTable::Key& key, std::string_view rule,
                                    base::MonoTime now);
  template <class Meets>
  std::optional<AbuseBan> count(const base::IpAddress& client, base::MonoTime now,
                                const Meets& meets);

  AbuseConfig config_;                         // `never` holds the trusted, too
  std::vector<base::IpAddress> exempt_hosts_;  // sorted
  std::uint32_t counted_ = 0;                  // bits of AbuseEvent
  std::vector<Trigger> triggers_;
  SipKey secret_;
  std::shared_ptr<BucketTable> points_;
  std::shared_ptr<BucketTable> bans_;
  std::shared_ptr<BucketTable> offences_;
};

// How long the ban of a client's so manieth offence lasts: `ban`, then ban_factor times the one
// before, up to ban_max.
std::chrono::seconds ban_time(const AbuseConfig& config, std::uint32_t offence);

// A client's prefix (client_prefix()) as a number other than 0, and back. IPv6 networks are their
// first 64 bits; IPv4 addresses stand in 0:0:1::/48, which is nobody's.
std::uint64_t pack_client(const base::IpPrefix& client);
base::IpPrefix unpack_client(std::uint64_t id);

}  // namespace ravelin::gateway
