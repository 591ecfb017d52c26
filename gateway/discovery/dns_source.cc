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

DnsSource::DnsSource(Reactor& reactor, DnsClient& client, DnsDiscoveryConfig config,
                     ServerConfig like, std::size_t servers_max, Found found)
    : config_(std::move(config)),
      like_(std::move(like)),
      servers_max_(servers_max),
      found_(std::move(found)) {
  if (config_.records == DnsRecords::srv) {
    services_.emplace(reactor, client, config_.name, [this] { changed(); });
  } else {
    addresses_.emplace(reactor, client, config_.name, [this] { changed(); });
  }
}

bool DnsSource::asks_for(const DnsDiscoveryConfig& config) const {
  return config.name == config_.name && config.records == config_.records;
}

void DnsSource::use(DnsDiscoveryConfig config, ServerConfig like, std::size_t servers_max) {
  config_ = std::move(config);
  like_ = std::move(like);
  servers_max_ = servers_max;
  if (watch().status().answered) changed();
}

const DnsWatchBase& DnsSource::watch() const {
  if (services_) return *services_;
  return *addresses_;
}

void DnsSource::changed() {
  const std::size_t left_out_before = found_servers_.left_out;
  found_servers_ = services_ ? servers_of(services_->services(), like_, servers_max_)
                             : servers_of(addresses_->addresses(), config_.port, config_.name,
                                          like_, servers_max_);
  if (found_servers_.left_out != left_out_before && found_servers_.left_out != 0) {
    base::log_warn("discovery", "more servers are found than servers_max allows",
                   {{"name", config_.name},
                    {"servers_max", servers_max_},
                    {"left_out", found_servers_.left_out}});
  }
  const std::vector<ServerConfig> servers = found_servers_.servers;  // outlives this
  const Found found = found_;
  found(servers);
}

DnsSourceStatus DnsSource::status() const {
  return {config_.name, found_servers_.servers.size(), found_servers_.left_out, watch().status()};
}

}  // namespace ravelin::gateway
