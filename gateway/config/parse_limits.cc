#include "gateway/config/parse_limits.h"

#include "gateway/config/words.h"

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;

constexpr int kRequestsMax = 1'000'000;
constexpr auto kRefillMax = 7 * 24h;
// Bodies move in pieces of up to 64 KiB: below this a piece would be many seconds.
constexpr std::uint64_t kBandwidthMin = 16 * 1024;
constexpr std::uint64_t kBandwidthMax = std::uint64_t{1024} * 1024 * 1024 * 1024;

LimitKeyConfig parse_header_key(yaml::Map map) {
  LimitKeyConfig key{.kind = LimitKeyConfig::Kind::header, .header = {}};
  map.required("header", key.header, yaml::converted(parse_key_field));
  return std::move(map).finish(std::move(key));
}

// `client`, `certificate`, or { header: NAME }.
bool read_key(const yaml::Value& value, LimitKeyConfig& key) {
  if (value.is(yaml::Kind::map)) return yaml::object(parse_header_key)(value, key);
  return yaml::one_of(kLimitKeys)(value, key.kind);
}

RateLimitConfig parse_rate(yaml::Map map) {
  RateLimitConfig rate;
  map.required("requests", rate.requests, yaml::between(1, kRequestsMax));
  map.optional("per", rate.per, yaml::between(1s, 24h));
  rate.burst = rate.requests;
  map.optional("burst", rate.burst, yaml::between(1, kRequestsMax));
  map.optional("key", rate.key, read_key);
  const auto refill = rate.per * rate.burst;
  if (rate.requests != 0 && refill > kRefillMax * std::int64_t{rate.requests}) {
    map.error("takes more than 7 days to give \"burst\" back");
  }
  return std::move(map).finish(std::move(rate));
}

ConcurrencyLimitConfig parse_concurrent(yaml::Map map) {
  ConcurrencyLimitConfig limit;
  map.required("requests", limit.requests, yaml::between(1, kRequestsMax));
  map.optional("key", limit.key, read_key);
  return std::move(map).finish(std::move(limit));
}

BandwidthLimitConfig parse_bandwidth(yaml::Map map) {
  BandwidthLimitConfig limit;
  map.optional("down", limit.down_bytes_per_s, yaml::bytes(kBandwidthMin, kBandwidthMax));
  map.optional("up", limit.up_bytes_per_s, yaml::bytes(kBandwidthMin, kBandwidthMax));
  if (!map.has("down") && !map.has("up"))
    map.error("limits nothing: write \"down\", \"up\" or both");
  return std::move(map).finish(limit);
}

// Not a std::optional: that would hide from the rule that a limit can be taken away.
template <class Limit>
struct LimitOrOff {
  std::optional<Limit> limit;
};

template <class Limit>
void read_limit(yaml::Map& map, std::string_view key, std::optional<Limit>& limit,
                Limit (*parse)(yaml::Map)) {
  LimitOrOff<Limit> target{limit};
  map.optional(key, target, [parse](const yaml::Value& value, LimitOrOff<Limit>& into) {
    if (value.is(yaml::Kind::scalar)) {
      if (value.node().text != "off") {
        value.error("must be \"off\" or a map");
        return false;
      }
      into.limit.reset();
      return true;
    }
    Limit given;
    if (!yaml::object(parse)(value, given)) return false;
    into.limit = std::move(given);
    return true;
  });
  limit = std::move(target.limit);
}

}  // namespace

void parse_route_limits(yaml::Map& map, RouteLimitsConfig& limits) {
  read_limit(map, "rate", limits.rate, parse_rate);
  read_limit(map, "concurrent", limits.concurrent, parse_concurrent);
  read_limit(map, "bandwidth", limits.bandwidth, parse_bandwidth);
}

LimitTablesConfig parse_limit_tables(yaml::Map map) {
  LimitTablesConfig tables;
  map.optional("rate_entries", tables.rate_entries, yaml::between(1024, 16 * 1024 * 1024));
  return std::move(map).finish(tables);
}

}  // namespace ravelin::gateway
