#include "policies/parse/parse_feeds.h"

#include "policies/parse/rate.h"

namespace ravelin::policies {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kFeedEntriesMax = 20'000'000;
constexpr std::uint64_t kBansMax = 4'000'000;
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

}  // namespace ravelin::policies
