// The limits of routes in an outline.
#include "base/text.h"
#include "gateway/config/outline_parts.h"
#include "gateway/config/words.h"

namespace ravelin::gateway {
namespace {

using base::format_bytes;
using base::format_duration;

// A value that comes from elsewhere says so; `origin` empty: it is where it seems to be.
void set_origin(Outline& value, const std::string& origin, std::string_view key) {
  if (!origin.empty()) value.origin_key = fmt::format("{}.{}", origin, key);
}

void add_key(Outline& limit, const LimitKeyConfig& key, const std::string& origin) {
  if (key.kind == LimitKeyConfig::Kind::header) {
    set_origin(limit.map("key").text("header", key.header), origin, "key.header");
  } else {
    set_origin(limit.word("key", word_of(kLimitKeys, key.kind)), origin, "key");
  }
}

void add_off(Outline& out, std::string_view name, const std::string& origin) {
  out.word(name, "off").origin_key = origin;
}

void add_rate(Outline& out, const RateLimitConfig& rate, const std::string& origin) {
  Outline& limit = out.map("rate");
  set_origin(limit.number("requests", rate.requests), origin, "requests");
  set_origin(limit.word("per", format_duration(rate.per)), origin, "per");
  set_origin(limit.number("burst", rate.burst), origin, "burst");
  add_key(limit, rate.key, origin);
}

void add_concurrent(Outline& out, const ConcurrencyLimitConfig& concurrent,
                    const std::string& origin) {
  Outline& limit = out.map("concurrent");
  set_origin(limit.number("requests", concurrent.requests), origin, "requests");
  add_key(limit, concurrent.key, origin);
}

void add_bandwidth(Outline& out, const BandwidthLimitConfig& bandwidth, const std::string& origin) {
  Outline& limit = out.map("bandwidth");
  const auto add = [&](std::string_view name, std::uint64_t bytes_per_s) {
    if (bytes_per_s != 0) set_origin(limit.word(name, format_bytes(bytes_per_s)), origin, name);
  };
  add("down", bandwidth.down_bytes_per_s);
  add("up", bandwidth.up_bytes_per_s);
}

}  // namespace

void add_route_limits(Outline& out, const RouteLimitsConfig& limits, const LimitOrigins& origins) {
  if (limits.rate) {
    add_rate(out, *limits.rate, origins.rate);
  } else {
    add_off(out, "rate", origins.rate);
  }
  if (limits.concurrent) {
    add_concurrent(out, *limits.concurrent, origins.concurrent);
  } else {
    add_off(out, "concurrent", origins.concurrent);
  }
  if (limits.bandwidth) {
    add_bandwidth(out, *limits.bandwidth, origins.bandwidth);
  } else {
    add_off(out, "bandwidth", origins.bandwidth);
  }
}

LimitOrigins limit_origins(const std::string& route, const std::string& listener,
                           const Places& places) {
  const auto origin = [&](std::string_view limit) {
    return places.is_written(fmt::format("{}.limits.{}", route, limit))
               ? std::string()
               : fmt::format("{}.limits.{}", listener, limit);
  };
  return {origin("rate"), origin("concurrent"), origin("bandwidth")};
}

}  // namespace ravelin::gateway
