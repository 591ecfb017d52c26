#include "policies/parse/attributes.h"

#include "base/io/yaml_text.h"
#include "base/text.h"
#include "policies/parse/moments.h"

#include <algorithm>

namespace ravelin::policies {
namespace {

constexpr std::uint32_t kConnectionsMax = 1'000'000;
constexpr std::uint32_t kSampleMax = 1'000'000;
constexpr std::uint32_t kUidMax = UINT32_MAX - 1;
constexpr std::uint32_t kNobody = UINT32_MAX;  // (uid_t)-1: no process has it
constexpr std::size_t kCgroupMax = 255;
constexpr std::size_t kViaMax = 64;

LimitText parse_limit(yaml::Map map) {
  LimitText limit;
  std::optional<Rate> bytes;
  map.optional("new", limit.rate, yaml::converted(parse_packet_rate));
  map.optional("bytes", bytes, yaml::converted(parse_byte_rate));
  map.optional("per_source", limit.per_source, yaml::converted(parse_packet_rate));
  if (map.has("new") && map.has("bytes"))
    map.error("limits both \"new\" and \"bytes\"; keep one, or write two rules");
  if (!map.has("new") && !map.has("bytes") && !map.has("per_source"))
    map.error("limits nothing: write \"new\" or \"bytes\"");
  if (bytes) limit.rate = bytes;
  return std::move(map).finish(limit);
}

Result<std::string> parse_cgroup(std::string_view text) {
  if (text.starts_with('/')) text.remove_prefix(1);
  const bool has_dots = text == ".." || text.starts_with("../") || text.ends_with("/..") ||
                        text.find("/../") != std::string_view::npos;
  if (text.empty() || text.size() > kCgroupMax || text.ends_with('/') || has_dots ||
      text.find("//") != std::string_view::npos) {
    return base::fail(base::Errc::invalid,
                      "is not the path of a cgroup (system.slice/backup.service)");
  }
  return std::string(text);
}

bool read_days(const yaml::Value& value, std::uint8_t& days) {
  std::vector<std::uint8_t> given;
  if (!yaml::one_or_list_of(yaml::one_of(kDays), 1, 7)(value, given)) return false;
  days = 0;
  for (const std::uint8_t day : given)
    days = static_cast<std::uint8_t>(days | day);
  return true;
}

}  // namespace

bool read_user(const yaml::Value& value, Scope& scope, std::optional<std::uint32_t>& uid) {
  const std::string* user = value.scalar("a user");
  if (user == nullptr) return false;
  if (!user->empty() && user->find_first_not_of("0123456789") == std::string::npos) {
    std::uint32_t number = 0;
    if (!yaml::between(0U, kUidMax)(value, number)) return false;
    uid = number;
    return true;
  }
  if (user->empty() || user->size() > kNameMax) {
    value.error(fmt::format("{} is not a user", yaml::quote(*user)));
    return false;
  }
  scope.wanted.users.insert(*user);
  const auto known = scope.facts.users.find(*user);
  uid = known == scope.facts.users.end() ? kNobody : known->second;
  if (uid == kNobody) {
    scope.addresses.warn(value, fmt::format("user {} is not known; the rule matches nobody until "
                                            "there is one",
                                            yaml::quote(*user)));
  }
  return true;
}

bool read_limit(const yaml::Value& value, LimitText& limit) {
  if (value.is(yaml::Kind::map)) return yaml::object(parse_limit)(value, limit);
  Rate rate;
  if (!yaml::converted(parse_rate)(value, rate)) return false;
  limit.rate = rate;
  return true;
}

PerSource parse_per_source(yaml::Map map, const Scope& scope) {
  PerSource per_source;
  std::optional<Over> over;
  map.optional("new", per_source.new_connections, yaml::converted(parse_packet_rate));
  map.optional("connections", per_source.connections, yaml::between(1U, kConnectionsMax));
  map.optional("over", over, yaml::converted(parse_over));
  if (!map.has("new") && !map.has("connections"))
    map.error("limits nothing: write \"new\", \"connections\" or both");
  if (over && over->is_ban) per_source.ban_for = over->duration.value_or(scope.ban_default);
  return std::move(map).finish(per_source);
}

LogText parse_log(yaml::Map map, Scope& scope) {
  LogText text;
  LogRule log;
  map.optional("prefix", log.prefix, yaml::text(1, kLogPrefixMax));
  map.optional("rate", log.rate, yaml::converted(parse_packet_rate));
  map.optional("sample", log.sample, yaml::between(1U, kSampleMax));
  map.optional("service", text.services, [&](const yaml::Value& value, Services& services) {
    return scope.services.read(value, AnyService::allowed, services);
  });
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"'; };
  if (std::ranges::any_of(log.prefix, is_control)) {
    map.error("\"prefix\" has a control character or a quotation mark in it");
    log.prefix.clear();
  }
  text.log = std::move(log);
  return std::move(map).finish(std::move(text));
}

Owner parse_owner(yaml::Map map, Scope& scope) {
  Owner owner;
  std::vector<std::string> parts;
  map.optional("user", owner.uid, [&](const yaml::Value& value, std::uint32_t& target) {
    std::optional<std::uint32_t> uid;
    if (!read_user(value, scope, uid)) return false;
    parts.push_back(value.node().text);
    target = *uid;
    return true;
  });
  if (map.optional("cgroup", owner.cgroup, yaml::converted(parse_cgroup)))
    parts.push_back("cgroup " + owner.cgroup);
  if (!map.has("user") && !map.has("cgroup"))
    map.error("names nobody: write \"user\" or \"cgroup\"");
  owner.text = base::join(parts, ", ");
  return std::move(map).finish(std::move(owner));
}

bool read_owner(const yaml::Value& value, Scope& scope, Owner& owner) {
  if (value.is(yaml::Kind::map)) {
    owner = parse_owner(yaml::Map(value), scope);
    return true;
  }
  if (!read_user(value, scope, owner.uid)) return false;
  owner.text = value.node().text;
  return true;
}

When parse_when(yaml::Map map) {
  When when;
  map.optional("days", when.days, read_days);
  map.optional("from", when.from, yaml::converted(parse_time_of_day));
  map.optional("to", when.to, yaml::converted(parse_time_of_day));
  if (when.from == when.to) map.error("ends when it begins");
  return std::move(map).finish(when);
}

bool read_via(const yaml::Value& value, const Scope& scope, const std::vector<Zone>& zones,
              std::vector<std::string>& via) {
  std::vector<std::string> words;
  const auto read_word = [&](const yaml::Value& entry, std::string& word) {
    if (!yaml::apply(entry, word, yaml::Default{})) return false;
    if (scope.names.zone(word)) return true;
    return yaml::converted(parse_interface)(entry, word);
  };
  if (!yaml::one_or_list_of(read_word, 1, kViaMax)(value, words)) return false;
  via.clear();
  for (const std::string& word : words) {
    const auto zone = scope.names.zone(word);
    if (!zone) {
      via.push_back(word);
      continue;
    }
    const auto& interfaces = zones.at(static_cast<std::size_t>(*zone)).interfaces;
    via.insert(via.end(), interfaces.begin(), interfaces.end());
  }
  if (via.size() <= kViaMax) return true;
  value.error(fmt::format("stands for more than {} interfaces", kViaMax));
  via.clear();
  return false;
}

}  // namespace ravelin::policies
