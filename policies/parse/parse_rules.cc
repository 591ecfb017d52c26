#include "policies/parse/parse_rules.h"

#include "policies/parse/attributes.h"
#include "policies/parse/moments.h"
#include "policies/parse/zone_pair.h"

#include <algorithm>

namespace ravelin::policies {
namespace {

constexpr std::size_t kListsMax = 10'000;
constexpr std::size_t kRulesMax = 100'000;  // of all lists together

struct Place {
  Scope& scope;
  const std::vector<Zone>& zones;
  const RuleList& list;

  [[nodiscard]] bool is_from_host() const {
    return std::ranges::find(list.from, kHost) != list.from.end();
  }
};

void set_services(Rule& rule, Services&& services) {
  rule.services = std::move(services.terms);
  rule.services_text = std::move(services.text);
}

// A word, a list of words, or the map of parse_log: of a rule that only logs.
bool read_log_verb(const yaml::Value& value, Scope& scope, Rule& rule) {
  if (!value.is(yaml::Kind::map)) {
    if (value.is(yaml::Kind::scalar) && value.node().text == "true") {
      value.error("a rule that only logs says what: \"log: any\", or a service");
      return false;
    }
    Services services;
    const bool is_good = scope.services.read(value, AnyService::allowed, services);
    set_services(rule, std::move(services));
    rule.log = LogRule{};
    return is_good;
  }
  LogText text = parse_log(yaml::Map(value), scope);
  set_services(rule, text.services ? std::move(*text.services) : Services{{}, std::string(kAny)});
  rule.log = std::move(text.log);
  return true;
}

bool read_log_attribute(const yaml::Value& value, Scope& scope, Rule& rule) {
  if (value.is(yaml::Kind::map)) {
    LogText text = parse_log(yaml::Map(value), scope);
    if (text.services) value.error("\"service\" is what the rule's verb names; remove it here");
    rule.log = std::move(text.log);
    return true;
  }
  bool is_logged = false;
  if (!yaml::apply(value, is_logged, yaml::Default{})) return false;
  if (is_logged) rule.log = LogRule{};
  return true;
}

// Which verb a rule has: `log` and `count` are attributes beside a verdict.
std::optional<Verb> verb_of(const yaml::Map& map) {
  int verdicts = 0;
  std::optional<Verb> found;
  for (const auto& [word, verb] : kVerbs) {
    const bool is_verdict = verb != Verb::log && verb != Verb::count;
    if (!map.has(word) || (!is_verdict && found)) continue;
    found = verb;
    verdicts += is_verdict ? 1 : 0;
  }
  if (verdicts > 1) map.error("has more than one verdict: keep one of allow, deny and reject");
  if (!found) map.error("has no verb: write one of allow, deny, reject, log and count");
  return found;
}

void read_verb(yaml::Map& map, Scope& scope, Rule& rule) {
  const std::optional<Verb> verb = verb_of(map);
  rule.verb = verb.value_or(Verb::deny);
  const auto services = [&](const yaml::Value& value, Rule& target) {
    Services given;
    const bool is_good = scope.services.read(value, AnyService::allowed, given);
    set_services(target, std::move(given));
    return is_good;
  };
  for (const std::string_view word : {"allow", "deny", "reject"})
    map.optional(word, rule, services);
  map.optional("log", rule, [&](const yaml::Value& value, Rule& target) {
    return rule.verb == Verb::log ? read_log_verb(value, scope, target)
                                  : read_log_attribute(value, scope, target);
  });
  if (rule.verb == Verb::count) {
    map.optional("count", rule, services);
  } else {
    map.optional("count", rule.counter, yaml::converted(parse_name));
  }
}

void check_rule(const yaml::Map& map, const Rule& rule, const Place& place) {
  const bool is_only_from_host = place.list.from == std::vector<ZoneId>{kHost};
  if (rule.owner && !is_only_from_host)
    map.error("\"owner\" is known for what this host sends: the list must be \"host -> …\"");
  if (map.has("per_source") && rule.verb != Verb::allow)
    map.error("\"per_source\" limits what is allowed; it goes with \"allow\"");
  if (place.is_from_host() && (rule.ban || rule.per_source.ban_for))
    map.error("bans its source, which is this host");
  if (place.is_from_host() && map.has("per_source"))
    map.error("\"per_source\" has one source here, this host; write \"limit\"");
  if (rule.ban && !rule.is_final()) map.error("\"ban\" goes with allow, deny and reject");
  if (rule.ban && rule.verb == Verb::allow && !rule.ban->after)
    map.error("bans whoever it allows; write after which rate (ban: 1h after 30/min)");
}

Rule parse_rule(yaml::Map map, const Place& place) {
  Scope& scope = place.scope;
  Rule rule;
  LimitText limit;
  rule.pos = map.pos();
  read_verb(map, scope, rule);
  map.optional("id", rule.id, scope.unique_id());
  map.optional("from", rule.from, scope.addresses_for(AddressUse::rule));
  map.optional("to", rule.to, scope.addresses_for(AddressUse::rule));
  map.optional("via", rule.via, [&](const yaml::Value& value, std::vector<std::string>& via) {
    return read_via(value, scope, place.zones, via);
  });
  map.optional("owner", rule.owner, [&](const yaml::Value& value, Owner& owner) {
    return read_owner(value, scope, owner);
  });
  map.optional("per_source", rule.per_source, yaml::object([&](yaml::Map each) {
                 return parse_per_source(std::move(each), scope);
               }));
  map.optional("limit", limit, read_limit);
  map.optional("ban", rule.ban, yaml::converted(parse_ban_after));
  map.optional("when", rule.when, yaml::object(parse_when));
  map.optional("until", rule.until, yaml::converted(parse_until));
  map.optional("note", rule.note, yaml::text(1, kNoteMax));
  if (limit.per_source) map.error("the limit of each source is \"per_source: { new: … }\"");
  rule.limit = limit.rate;
  check_rule(map, rule, place);
  return std::move(map).finish(std::move(rule));
}

}  // namespace

bool read_rule_section(const yaml::Value& value, Scope& scope, const std::vector<Zone>& zones,
                       std::vector<RuleList>& lists) {
  if (!yaml::expect(value, yaml::Kind::map)) return false;
  const auto& members = value.node().members;
  if (members.size() > kListsMax) {
    value.error(fmt::format("has {} lists; at most {} are allowed", members.size(), kListsMax));
    return false;
  }
  std::size_t rules = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const yaml::Value entry = value.member(i);
    RuleList list;
    const bool is_pair = read_zone_pair(entry, members[i], scope.names, list);
    rules += entry.node().items.size();
    if (rules > kRulesMax) {
      value.error(fmt::format("has more than {} rules", kRulesMax));
      return false;
    }
    const Place place{scope, zones, list};
    const auto read_rule =
        yaml::object([&](yaml::Map map) { return parse_rule(std::move(map), place); });
    std::vector<Rule> read;
    yaml::list_of(read_rule)(entry, read);
    list.rules = std::move(read);
    if (is_pair) lists.push_back(std::move(list));
  }
  return true;
}

}  // namespace ravelin::policies
