#include "gateway/config/parse_abuse.h"

#include "gateway/config/words.h"

#include <algorithm>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kAbuseMiB = 1024 * 1024;

// `cgroup`, `off`, or a size.
bool read_memory(const yaml::Value& value, OverloadConfig& overload) {
  const std::string word = value.is(yaml::Kind::scalar) ? value.node().text : std::string();
  if (word == "cgroup" || word == "off") {
    overload.memory = word == "off" ? OverloadConfig::Memory::off : OverloadConfig::Memory::cgroup;
    return true;
  }
  if (!yaml::bytes(16 * kAbuseMiB, kAbuseMiB * kAbuseMiB)(value, overload.memory_bytes_max))
    return false;
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

constexpr std::size_t kTriggersMax = 16;
constexpr std::size_t kTrapPathsMax = 1000;
constexpr std::size_t kSynproxyMax = 256;
constexpr std::uint64_t kMssMin = 536, kMssMax = 65'495;  // RFC 9293 3.7.1; what IPv4 holds

AbuseTrigger parse_trigger(yaml::Map map) {
  AbuseTrigger trigger;
  map.required("name", trigger.name, yaml::converted(parse_name));
  map.optional("event", trigger.event, yaml::one_of(kAbuseEvents));
  map.optional("statuses", trigger.statuses,
               yaml::one_or_list_of(yaml::converted(parse_status_range), 1, 32));
  map.optional("paths", trigger.paths,
               yaml::one_or_list_of(yaml::converted(parse_trap_path), 1, kTrapPathsMax));
  const int kinds =
      (map.has("event") ? 1 : 0) + (map.has("statuses") ? 1 : 0) + (map.has("paths") ? 1 : 0);
  if (kinds != 1) map.error("needs one of \"event\", \"statuses\" and \"paths\"");
  if (map.has("statuses")) trigger.event = AbuseEvent::status;
  map.required("count", trigger.count, yaml::between(1, 1'000'000));
  map.optional("window", trigger.window, yaml::between(1s, 24h));
  return std::move(map).finish(std::move(trigger));
}

// The one that a second trigger has as well.
std::string_view repeated_name(const std::vector<AbuseTrigger>& triggers) {
  for (std::size_t i = 0; i < triggers.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (triggers[k].name == triggers[i].name && !triggers[i].name.empty())
        return triggers[i].name;
    }
  }
  return {};
}

}  // namespace

AbuseConfig parse_abuse(yaml::Map map) {
  AbuseConfig abuse;
  map.optional("budget", abuse.budget, yaml::between(10, 1'000'000));
  map.optional("window", abuse.window, yaml::between(1s, 24h));
  constexpr auto kBanMax = 24h * 30;
  map.optional("ban", abuse.ban, yaml::between(1s, kBanMax));
  map.optional("ban_factor", abuse.ban_factor, yaml::between(1, 100));
  abuse.ban_max = std::max(abuse.ban, abuse.ban_max);
  map.optional("ban_max", abuse.ban_max, yaml::between(1s, kBanMax));
  if (abuse.ban_max < abuse.ban) map.error("\"ban_max\" is below \"ban\"");
  map.optional("forget", abuse.forget, yaml::between(1s, kBanMax));
  map.optional("never", abuse.never,
               yaml::one_or_list_of(yaml::converted(base::parse_prefix), 0, 10'000));
  map.optional("entries", abuse.entries, yaml::between(1024, 4 * 1024 * 1024));
  map.optional("triggers", abuse.triggers,
               yaml::list_of(yaml::object(parse_trigger), 0, kTriggersMax));
  if (const std::string_view name = repeated_name(abuse.triggers); !name.empty())
    map.error(fmt::format("two triggers have the name \"{}\"", name));
  return std::move(map).finish(std::move(abuse));
}

namespace {

KernelOverload parse_kernel_overload(yaml::Map map) {
  KernelOverload kernel;
  map.required("new_per_second", kernel.new_per_second, yaml::between(1, 1'000'000));
  kernel.burst = 2 * kernel.new_per_second;
  map.optional("burst", kernel.burst, yaml::between(1, 1'000'000));
  map.optional("synproxy", kernel.synproxy,
               yaml::one_or_list_of(yaml::converted(parse_name), 1, kSynproxyMax));
  map.optional("mss", kernel.mss, yaml::between(kMssMin, kMssMax));
  if (map.has("mss") && kernel.synproxy.empty())
    map.error("\"mss\" is what \"synproxy\" offers, which is not there");
  return std::move(map).finish(kernel);
}

}  // namespace

OverloadConfig parse_overload(yaml::Map map) {
  OverloadConfig overload;
  map.optional("requests_max", overload.requests_max, yaml::between(1, 10'000'000));
  map.optional("memory_max", overload, read_memory);
  map.optional("lag_max", overload.lag_max, yaml::between(0s, 60s));
  map.optional("stop_keep_alive", overload.stop_keep_alive, read_thresholds);
  map.optional("refuse_connections", overload.refuse_connections, read_thresholds);
  map.optional("shed_requests", overload.shed_requests, read_thresholds);
  map.optional("kernel", overload.kernel, yaml::object(parse_kernel_overload));
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
