#include "policies/parse/parse_feeds.h"

#include "policies/parse/attributes.h"

#include <algorithm>

namespace ravelin::policies {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kFeedEntriesMax = 20'000'000;
constexpr std::uint64_t kBansMax = 4'000'000;
constexpr std::uint64_t kQuarantineMax = 65'536;
constexpr std::size_t kOverloadPortsMax = 256;
constexpr std::uint64_t kMssMin = 536, kMssMax = 65'495;  // RFC 9293 3.7.1; what IPv4 holds
constexpr auto kDay = 24h;

Feed parse_feed(yaml::Map map, Scope& scope) {
  Feed feed;
  map.required("file", feed.file, yaml::path());
  if (feed.file.ends_with(".csv") || feed.file.ends_with(".csv.gz"))
    feed.format = Feed::Format::csv;
  map.optional("format", feed.format, yaml::one_of(kFeedFormats));
  map.optional("refresh", feed.refresh, yaml::between(10s, 30 * kDay));
  map.optional("max_age", feed.age_max, yaml::between(1min, 366 * kDay));
  map.optional("on_stale", feed.on_stale, yaml::one_of(kOnStales));
  map.optional("max_entries", feed.entries_max, Count{1, kFeedEntriesMax});
  map.optional("never", feed.never, scope.ranges_for(AddressUse::plain));
  if (map.has("on_stale") && !map.has("max_age"))
    map.error("\"on_stale\" needs \"max_age\": without, a feed is never stale");
  return std::move(map).finish(std::move(feed));
}

}  // namespace

bool read_feed_section(const yaml::Value& value, Scope& scope, std::vector<Feed>& feeds) {
  if (!yaml::expect(value, yaml::Kind::map)) return false;
  const auto& members = value.node().members;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const yaml::Value entry = value.member(i);
    Feed feed;
    if (yaml::expect(entry, yaml::Kind::map)) feed = parse_feed(yaml::Map(entry), scope);
    feed.name = members[i].key;
    feed.pos = members[i].mark.pos();
    feeds.push_back(std::move(feed));
  }
  return true;
}

Bans parse_bans(yaml::Map map, Scope& scope) {
  Bans bans;
  bans.pos = map.pos();
  map.optional("default", bans.duration, yaml::between(1s, 366 * kDay));
  map.optional("repeat", bans.repeat_factor, yaml::converted(parse_factor));
  map.optional("max", bans.duration_max, yaml::between(1s, 366 * kDay));
  map.optional("size", bans.size, Count{1, kBansMax});
  map.optional("never", bans.never, scope.ranges_for(AddressUse::plain));
  if (bans.duration_max < bans.duration) map.error("\"max\" is shorter than \"default\"");
  return std::move(map).finish(std::move(bans));
}

Quarantine parse_quarantine(yaml::Map map, Scope& scope) {
  Quarantine quarantine;
  quarantine.pos = map.pos();
  map.optional("user", quarantine.uid, [&](const yaml::Value& value, std::uint32_t& target) {
    std::optional<std::uint32_t> uid;
    if (!read_user(value, scope, uid)) return false;
    target = *uid;
    return true;
  });
  map.optional("size", quarantine.size, Count{1, kQuarantineMax});
  return std::move(map).finish(std::move(quarantine));
}

namespace {

void read_ports(yaml::Map& map, const char* key, std::vector<std::uint16_t>& ports) {
  map.optional(key, ports, yaml::one_or_list_of(yaml::between(1, 65'535), 1, kOverloadPortsMax));
  std::ranges::sort(ports);
  ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
}

void read_synproxy(yaml::Map& map, Scope& scope, Overload& overload) {
  if (!map.has("synproxy")) {
    if (map.has("mss")) map.error("\"mss\" is what \"synproxy\" offers, which is not there");
    return;
  }
  Synproxy& synproxy = overload.synproxy.emplace();
  read_ports(map, "synproxy", synproxy.ports);
  map.optional("mss", synproxy.mss, yaml::between(kMssMin, kMssMax));
  for (const std::uint16_t port : synproxy.ports) {
    if (!std::ranges::binary_search(overload.ports, port))
      map.error(fmt::format("\"synproxy\" has port {}, which is none of \"ports\"", port));
  }
  scope.wanted.tcp_offer = true;
  if (scope.facts.tcp_offer) synproxy.offer = *scope.facts.tcp_offer;
}

}  // namespace

Overload parse_overload(yaml::Map map, Scope& scope) {
  Overload overload;
  overload.pos = map.pos();
  if (!map.has("ports")) map.error("\"ports\" is missing");
  read_ports(map, "ports", overload.ports);
  map.required("new", overload.per_source.new_connections, yaml::converted(parse_packet_rate));
  map.optional("except", overload.except, scope.ranges_for(AddressUse::plain));
  read_synproxy(map, scope, overload);
  return std::move(map).finish(std::move(overload));
}

}  // namespace ravelin::policies
