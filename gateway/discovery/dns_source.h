// DnsSource: the servers that one DNS name has for a pool, kept up to date. A failure, or an answer
// without a server, changes nothing: the last good answer stays. Otherwise what the answer says is
// followed at once, also when it says less. Owned by whoever wants the servers; the control thread.
#pragma once

#include "gateway/config/pool_config.h"
#include "gateway/discovery/dns_servers.h"
#include "gateway/discovery/running_source.h"
#include "gateway/dns/dns_watch.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::gateway {

struct DnsSourceStatus {
  std::string name;          // asked for
  std::size_t servers = 0;   // found and used
  std::size_t left_out = 0;  // beyond `servers_max`
  DnsWatchStatus watch;
};

// "app.internal: 3 servers, answered 12 s ago" · "…; failing for 40 s: no such name".
std::string to_string(const DnsSourceStatus& status, base::WallTime now);

class DnsSource final : public RunningSource {
 public:
  // The whole set: at the first good answer, and whenever it changes. Sorted, names unique, each as
  // `like` but for name, address, and what servers_of() says. May destroy the source.
  using Found = std::function<void(const std::vector<ServerConfig>&)>;

  // Of `discover.dns`, which is there. Asks at once; `found` is called later, from the reactor.
  // `reactor` and `client` outlive this; once it is gone nobody is called.
  DnsSource(Reactor& reactor, DnsClient& client, const DiscoverConfig& discover, Found found);

  [[nodiscard]] bool asks_for(const DiscoverConfig& discover) const override;
  [[nodiscard]] std::vector<ServerConfig> servers_for(
      const DiscoverConfig& discover) const override;
  void use(const DiscoverConfig& discover) override;

  [[nodiscard]] const std::vector<ServerConfig>& servers() const { return found_servers_.servers; }

  [[nodiscard]] DnsSourceStatus status() const;

  [[nodiscard]] std::string describe(base::WallTime now) const override {
    return to_string(status(), now);
  }

 private:
  void changed();
  [[nodiscard]] const DnsWatchBase& watch() const;
  [[nodiscard]] DnsServerList read_as(const DiscoverConfig& discover) const;

  [[nodiscard]] const std::string& name() const { return discover_.dns->name; }

  DiscoverConfig discover_;
  Found found_;
  DnsServerList found_servers_;
  // One of the two.
  std::optional<AddressWatch> addresses_;
  std::optional<ServiceWatch> services_;
};

}  // namespace ravelin::gateway
