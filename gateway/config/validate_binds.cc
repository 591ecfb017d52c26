// Addresses: nothing may be bound twice, and a wildcard beside one of its addresses is pointed out.
#include "gateway/config/validate_parts.h"

#include <map>
#include <utility>
#include <vector>

namespace ravelin::gateway {
namespace {

// Something that will be bound, with its place.
struct Bound {
  std::string owner;  // "listener \"web\"", "admin"
  std::string key;
  SourcePos pos;
};

bool is_wildcard(const base::IpEndpoint& endpoint) {
  return endpoint.address == base::IpAddress{endpoint.address.family, {}};
}

// Keeps what has been bound so far. Port 0 is a port the kernel chooses: it meets nothing.
class Binds {
 public:
  explicit Binds(Places& places) : places_(places) {}

  void add(const base::Endpoint& endpoint, Bound bound) {
    if (const auto* ip = std::get_if<base::IpEndpoint>(&endpoint)) {
      if (ip->port == 0) return;
      by_port_[{ip->port, ip->address.family}].emplace_back(*ip, bound);
    }
    const std::string text = base::to_string(endpoint);
    const auto [first, is_new] = by_text_.emplace(text, bound);
    if (is_new) return;
    places_.error(bound.key, bound.pos,
                  fmt::format("{} is already bound by {} at {}", text, first->second.owner,
                              place_text(first->second.pos)));
  }

  // A wildcard and an address of it on one port: the kernel prefers the address, so one of the two
  // gets fewer connections than it seems to.
  void warn_overlaps() {
    for (const auto& [port, endpoints] : by_port_) {
      for (const auto& [wide, wide_bound] : endpoints) {
        if (is_wildcard(wide)) warn_overlaps_of(wide, wide_bound, endpoints);
      }
    }
  }

 private:
  using Endpoints = std::vector<std::pair<base::IpEndpoint, Bound>>;

  void warn_overlaps_of(const base::IpEndpoint& wide, const Bound& wide_bound,
                        const Endpoints& endpoints) {
    for (const auto& [narrow, bound] : endpoints) {
      if (is_wildcard(narrow)) continue;
      places_.warn(bound.key, bound.pos,
                   fmt::format("{} takes this address away from {}, which {} binds at {}",
                               base::to_string(narrow), base::to_string(wide), wide_bound.owner,
                               place_text(wide_bound.pos)));
    }
  }

  Places& places_;
  std::map<std::string, Bound> by_text_;
  std::map<std::pair<std::uint16_t, base::Family>, Endpoints> by_port_;
};

}  // namespace

void validate_binds(const Config& config, Places& places) {
  Binds binds(places);
  if (config.admin.listen) {
    const std::string key = "admin.listen";
    binds.add(*config.admin.listen, {"\"admin.listen\"", key, places.at(key, {})});
  }
  if (!config.admin.socket.empty()) {
    const std::string key = "admin.socket";
    binds.add(base::UnixEndpoint{config.admin.socket},
              {"\"admin.socket\"", key, places.at(key, {})});
  }
  std::map<std::string, const ListenerConfig*> passed;
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const ListenerConfig& listener = config.listeners[i];
    const std::string list = listener_key(i) + ".bind";
    for (std::size_t j = 0; j < listener.bind.size(); ++j) {
      const std::string item = fmt::format("{}[{}]", list, j);
      const std::string& key = places.is_written(item) ? item : list;
      const std::string owner = fmt::format("listener \"{}\"", listener.name);
      binds.add(listener.bind[j], {owner, key, places.at(key, listener.pos)});
    }
    for (const std::string& name : listener.passed_sockets) {
      const auto [first, is_new] = passed.emplace(name, &listener);
      if (is_new) continue;
      places.error(
          list, listener.pos,
          fmt::format("systemd:{} is already taken by listener \"{}\"", name, first->second->name));
    }
  }
  binds.warn_overlaps();
}

}  // namespace ravelin::gateway
