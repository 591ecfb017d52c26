#include "gateway/config/parse_abuse.h"

#include "gateway/config/words.h"

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMiB = 1024 * 1024;

// `cgroup`, `off`, or a size.
bool read_memory(const yaml::Value& value, OverloadConfig& overload) {
  const std::string word = value.is(yaml::Kind::scalar) ? value.node().text : std::string();
  if (word == "cgroup" || word == "off") {
    overload.memory = word == "off" ? OverloadConfig::Memory::off : OverloadConfig::Memory::cgroup;
    return true;
  }
  if (!yaml::bytes(16 * kMiB, kMiB * kMiB)(value, overload.memory_bytes_max)) return false;
  overload.memory = OverloadConfig::Memory::fixed;
  return true;
}

OverloadThresholds parse_thresholds(yaml::Map map) {
  OverloadThresholds thresholds;
  map.required("enter", thresholds.enter, yaml::between(1, 100));
  map.required("leave", thresholds.leave, yaml::between(0, 99));
  if (map.has("enter") && map.has("leave") && thresholds.leave >= thresholds.enter)
    map.error("\"leave\" must be below \"enter\"");
  return std::move(map).finish(thresholds);
}

// `off`, or a map.
bool read_thresholds(const yaml::Value& value, OverloadThresholds& thresholds) {
  if (!value.is(yaml::Kind::scalar)) return yaml::object(parse_thresholds)(value, thresholds);
  if (value.node().text != "off") {
    value.error("must be \"off\" or a map");
    return false;
  }
  thresholds = {};
  return true;
}

// The gentler action begins first, unless it is off.
bool is_ordered(const OverloadThresholds& first, const OverloadThresholds& second) {
  return first.enter == 0 || second.enter == 0 || first.enter <= second.enter;
}

}  // namespace

AbuseConfig parse_abuse(yaml::Map map) {
  AbuseConfig abuse;
  map.optional("budget", abuse.budget, yaml::between(10, 1'000'000));
  map.optional("window", abuse.window, yaml::between(1s, 24h));
  map.optional("ban", abuse.ban, yaml::between(1s, 24h * 30));
  map.optional("never", abuse.never,
               yaml::one_or_list_of(yaml::converted(base::parse_prefix), 0, 10'000));
  map.optional("entries", abuse.entries, yaml::between(1024, 4 * 1024 * 1024));
  return std::move(map).finish(std::move(abuse));
}

OverloadConfig parse_overload(yaml::Map map) {
  OverloadConfig overload;
  map.optional("requests_max", overload.requests_max, yaml::between(1, 10'000'000));
  map.optional("memory_max", overload, read_memory);
  map.optional("lag_max", overload.lag_max, yaml::between(0s, 60s));
  map.optional("stop_keep_alive", overload.stop_keep_alive, read_thresholds);
  map.optional("refuse_connections", overload.refuse_connections, read_thresholds);
  map.optional("shed_requests", overload.shed_requests, read_thresholds);
  if (!is_ordered(overload.stop_keep_alive, overload.refuse_connections) ||
      !is_ordered(overload.refuse_connections, overload.shed_requests) ||
      !is_ordered(overload.stop_keep_alive, overload.shed_requests)) {
    map.error(
        "\"stop_keep_alive\", \"refuse_connections\" and \"shed_requests\" begin in this "
        "order: \"enter\" must not fall");
  }
  return std::move(map).finish(overload);
}

}  // namespace ravelin::gateway
