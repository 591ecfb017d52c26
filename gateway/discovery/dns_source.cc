#include "gateway/discovery/dns_source.h"

#include "base/io/log.h"

namespace ravelin::gateway {

using base::WallTime;

namespace {

std::string seconds_since(WallTime then, WallTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now - then).count();
  return fmt::format("{} s", seconds < 0 ? 0 : seconds);
}

}  // namespace

std::string to_string(const DnsSourceStatus& status, WallTime now) {
  std::string text =
      fmt::format("{}: {} server{}", status.name, status.servers, status.servers == 1 ? "" : "s");
  if (status.left_out != 0) text += fmt::format(" ({} left out)", status.left_out);
  text += status.watch.answered
              ? fmt::format(", answered {} ago", seconds_since(*status.watch.answered, now))
              : ", not answered yet";
  if (status.watch.failing_since) {
    text += fmt::format("; failing for {}: {}", seconds_since(*status.watch.failing_since, now),
                        status.watch.reason);
  }
  if (!status.watch.remarks.empty()) text += "; not used: " + status.watch.remarks;
  return text;
}

DnsSource::DnsSource(Reactor& reactor, DnsClient& client, const DiscoverConfig& discover,
                     Found found)
    : discover_(discover), found_(std::move(found)) {
  if (discover_.dns->records == DnsRecords::srv) {
    services_.emplace(reactor, client, name(), [this] { changed(); });
  } else {
    addresses_.emplace(reactor, client, name(), [this] { changed(); });
  }
}

bool DnsSource::asks_for(const DiscoverConfig& discover) const {
  return discover.dns && discover.dns->name == name() &&
         discover.dns->records == discover_.dns->records;
}

std::vector<ServerConfig> DnsSource::servers_for(const DiscoverConfig& discover) const {
  if (!watch().status().answered) return {};
  return read_as(discover).servers;
}

void DnsSource::use(const DiscoverConfig& discover) {
  discover_ = discover;
  if (watch().status().answered) changed();
}

const DnsWatchBase& DnsSource::watch() const {
  if (services_) return *services_;
  return *addresses_;
}

DnsServerList DnsSource::read_as(const DiscoverConfig& discover) const {
  if (services_) return servers_of(services_->services(), discover.server, discover.servers_max);
  return servers_of(addresses_->addresses(), discover.dns->port, discover.dns->name,
                    discover.server, discover.servers_max);
}

void DnsSource::changed() {
  const std::size_t left_out_before = found_servers_.left_out;
  found_servers_ = read_as(discover_);
  if (found_servers_.left_out != left_out_before && found_servers_.left_out != 0) {
    base::log_warn("discovery", "more servers are found than servers_max allows",
                   {{"name", name()},
                    {"servers_max", discover_.servers_max},
                    {"left_out", found_servers_.left_out}});
  }
  const std::vector<ServerConfig> servers = found_servers_.servers;  // outlives this
  const Found found = found_;
  found(servers);
}

DnsSourceStatus DnsSource::status() const {
  return {name(), found_servers_.servers.size(), found_servers_.left_out, watch().status()};
}

}  // namespace ravelin::gateway
