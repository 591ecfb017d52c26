#include "policies/parse/schema.h"

#include "policies/parse/words.h"

#include <boost/json.hpp>

#include <algorithm>
#include <initializer_list>
#include <vector>

namespace ravelin::policies {
namespace {

namespace json = boost::json;

enum class Need { optional, required };

struct Key {
  std::string_view name;
  json::value holds;
  std::string_view what;
  Need need = Need::optional;
};

using Keys = std::vector<Key>;

json::value ref(std::string_view name) {
  return {{"$ref", "#/$defs/" + std::string(name)}};
}

json::value type(std::string_view name) {
  return {{"type", name}};
}

json::value any_of(std::initializer_list<json::value_ref> alternatives) {
  return {{"anyOf", json::array(alternatives)}};
}

json::value list_of(const json::value& item) {
  return {{"type", "array"}, {"items", item}};
}

json::value one_or_list_of(const json::value& item) {
  return any_of({item, list_of(item)});
}

json::value map_of(const json::value& value) {
  return {{"type", "object"}, {"additionalProperties", value}};
}

template <class E, std::size_t N>
json::value words(const yaml::Choice<E> (&table)[N]) {
  json::array all;
  for (const yaml::Choice<E>& choice : table)
    all.emplace_back(choice.word);
  return {{"enum", std::move(all)}};
}

json::value text(std::string_view what) {
  return {{"type", "string"}, {"description", what}};
}

// A number, also with a unit.
json::value count() {
  return any_of({type("integer"), type("string")});
}

json::object object_of(std::string_view what, const Keys& keys) {
  json::object properties;
  json::array required;
  for (const Key& key : keys) {
    json::object holds = key.holds.as_object();
    holds["description"] = key.what;
    properties[key.name] = std::move(holds);
    if (key.need == Need::required) required.emplace_back(key.name);
  }
  json::object object{{"type", "object"},
                      {"description", what},
                      {"additionalProperties", false},
                      {"properties", std::move(properties)}};
  if (!required.empty()) object["required"] = std::move(required);
  return object;
}

Keys root_keys() {
  return {
      {"policy", {{"enum", {"v1"}}}, "the version of the language", Need::required},
      {"name", type("string"), "what the policy is called in messages"},
      {"include", one_or_list_of(type("string")),
       "files merged into this one, in order; beside this file or in the shipped library"},
      {"icmp", words(kIcmpModes), "strict: the ICMPv6 that IPv6 needs is not allowed by itself"},
      {"zones", map_of(ref("zone")), "parts of the network, by interface", Need::required},
      {"addresses", map_of(ref("addresses")), "names for groups of addresses"},
      {"services", map_of(ref("services")), "names for protocols and ports"},
      {"feeds", map_of(ref("feed")), "long lists of addresses, kept in files"},
      {"bans", ref("bans"), "how long and how many addresses are banned"},
      {"quarantine", ref("quarantine"), "servers that this host is kept from for a while"},
      {"overload", ref("overload"), "what each source has while this host is overloaded"},
      {"management", ref("management"), "the access no apply may break"},
      {"nat", list_of(ref("nat")), "translation of addresses"},
      {"rules", map_of(list_of(ref("rule"))), "lists of rules by pair of zones: \"lan -> wan\""},
      {"override", list_of(ref("override")), "changes to rules of included files, by id"},
      {"tests", list_of(ref("test")), "what must hold of this policy"},
  };
}

Keys zone_keys() {
  return {
      {"interfaces", one_or_list_of(type("string")), "eth0, or wg* for all that begin so",
       Need::required},
      {"networks", ref("addresses"), "sources that may arrive on these interfaces"},
      {"owner", type("string"), "whose tables forward for it, such as docker"},
  };
}

Keys feed_keys() {
  return {
      {"file", type("string"), "where the list is; .gz is unpacked", Need::required},
      {"format", words(kFeedFormats), "one address per line, or the first column"},
      {"refresh", ref("duration"),
       "how often the agent looks whether the file has changed (every second)"},
      {"max_age", ref("duration"), "when the list is stale"},
      {"on_stale", words(kOnStales), "what becomes of a stale list"},
      {"max_entries", count(), "a longer list is refused"},
      {"never", ref("addresses"), "taken out of whatever the list says"},
  };
}

Keys bans_keys() {
  return {
      {"default", ref("duration"), "how long a ban lasts"},
      {"repeat", type("string"), "how much longer each further one lasts: x2"},
      {"max", ref("duration"), "how long one lasts at most"},
      {"size", count(), "how many addresses of one family"},
      {"never", ref("addresses"), "never banned, whoever asks"},
  };
}

Keys quarantine_keys() {
  return {
      {"user", any_of({type("integer"), type("string")}),
       "whose connections; without: everybody's"},
      {"size", count(), "how many servers of one family"},
  };
}

Keys overload_keys() {
  return {
      {"ports", one_or_list_of(type("integer")), "of TCP", Need::required},
      {"new", ref("rate"), "connections of each source, of what is allowed", Need::required},
      {"except", ref("addresses"), "sources that are not held to it"},
      {"synproxy", one_or_list_of(type("integer")),
       "those of the ports whose handshakes are answered with cookies"},
      {"mss", type("integer"), "that synproxy offers over IPv4; 20 less over IPv6"},
  };
}

Keys management_keys() {
  return {
      {"service", ref("services"), "what must stay reachable on this host", Need::required},
      {"from", ref("addresses"), "for whom: zones, or addresses", Need::required},
      {"in", one_or_list_of(type("string")), "zones they come in from"},
  };
}

Keys per_source_keys() {
  return {
      {"new", ref("rate"), "new connections of one source"},
      {"connections", type("integer"), "open connections of one source"},
      {"over", type("string"), "what becomes of more: deny, ban, or ban 10m"},
  };
}

Keys limit_keys() {
  return {
      {"new", ref("rate"), "new connections"},
      {"bytes", ref("rate"), "bytes: 20MB/s"},
      {"per_source", ref("rate"), "new connections of one source; of forward only"},
  };
}

Keys log_keys() {
  return {
      {"prefix", type("string"), "what the line begins with"},
      {"rate", ref("rate"), "at most so many lines"},
      {"sample", type("integer"), "one of so many packets"},
      {"service", ref("services"), "of a rule that only logs: what"},
  };
}

Keys owner_keys() {
  return {
      {"user", count(), "name or number of the user who sends"},
      {"cgroup", type("string"), "path of the sender's cgroup"},
  };
}

Keys when_keys() {
  return {
      {"days", one_or_list_of(words(kDays)), "on these days"},
      {"from", type("string"), "from this time of day, UTC"},
      {"to", type("string"), "to this time of day, UTC; before `from`: over midnight"},
  };
}

Keys rule_keys() {
  return {
      {"allow", ref("services"), "let it pass"},
      {"deny", ref("services"), "drop it"},
      {"reject", ref("services"), "drop it and say so"},
      {"log", any_of({type("boolean"), ref("log"), ref("services")}),
       "write a line; alone: a rule that only logs"},
      {"count", ref("services"), "the name of a counter; alone: a rule that only counts"},
      {"id", type("string"), "how tests and overrides name this rule"},
      {"from", ref("addresses"), "who sends"},
      {"to", ref("addresses"), "who receives"},
      {"via", one_or_list_of(type("string")), "interfaces, or zones for theirs"},
      {"owner", any_of({type("integer"), type("string"), ref("owner")}), "who sends, on this host"},
      {"per_source", ref("per_source"), "limits on each source"},
      {"limit", any_of({ref("rate"), ref("limit")}), "what exceeds it does not match"},
      {"ban", type("string"), "ban the source: 1h, or 1h after 30/min"},
      {"when", ref("when"), "only at these times"},
      {"until", type("string"), "not after: 2026-12-31"},
      {"note", type("string"), "why"},
  };
}

Keys nat_keys() {
  return {
      {"masquerade", one_or_list_of(type("string")), "zones left with this host's own address"},
      {"snat", one_or_list_of(type("string")), "zones left with the address of `to`"},
      {"forward", ref("services"), "what is sent on to another machine, and allowed"},
      {"redirect", ref("services"), "what is answered by this host instead"},
      {"via", one_or_list_of(type("string")), "zones it arrives from"},
      {"to", ref("addresses"), "where to: nas, nas:22, host:53"},
      {"from", ref("addresses"), "who sends"},
      {"family", words(kFamilies), "only one address family"},
      {"limit", any_of({ref("rate"), ref("limit")}), "of what is forwarded"},
      {"per_source", ref("per_source"), "limits on each source of what is forwarded"},
      {"until", type("string"), "not after: 2026-12-31"},
      {"id", type("string"), "how tests and overrides name this entry"},
  };
}

// Whatever a rule or a nat entry has, or nothing to take it away.
Keys override_keys() {
  Keys keys{
      {"id", type("string"), "the rule that is changed", Need::required},
      {"remove", type("boolean"), "take the rule away"},
      {"insert_before", list_of(any_of({ref("rule"), ref("nat")})), "rules put before it"},
  };
  for (const Keys& all : {rule_keys(), nat_keys()}) {
    for (const Key& key : all) {
      const auto is_same = [&](const Key& other) { return other.name == key.name; };
      if (std::ranges::any_of(keys, is_same)) continue;
      keys.push_back({key.name, any_of({key.holds, type("null")}), key.what});
    }
  }
  return keys;
}

Keys test_keys() {
  return {
      {"name", type("string"), "what it shows"},
      {"packet", ref("packet"), "one packet, and what is expected of it"},
      {"never", ref("packet"), "no such packet is allowed"},
      {"always", ref("packet"), "every such packet is allowed"},
      {"expect", any_of({words(kVerdicts), ref("expect")}), "what becomes of the packet"},
      {"by", type("string"), "the id of the rule that decides"},
  };
}

Keys packet_keys() {
  return {
      {"in", type("string"), "the zone it comes in from, or host"},
      {"out", type("string"), "the zone it leaves to, or host"},
      {"from", ref("addresses"), "its source"},
      {"to", ref("addresses"), "its destination: host, zones, wan-address, or addresses"},
      {"service", ref("services"), "its protocol and port"},
      {"repeat", type("string"), "so many of them: 251 in 1s"},
  };
}

Keys expect_keys() {
  Keys keys{
      {"first", words(kVerdicts), "of the first packet of several"},
      {"last", words(kVerdicts), "of the last one"},
      {"dnat", type("string"), "where it is forwarded to: 192.168.30.10:443"},
      {"redirect", type("integer"), "the port of this host it is redirected to"},
  };
  for (const auto& choice : kVerdicts)
    keys.push_back({choice.word, type("boolean"), "true: this verdict"});
  return keys;
}

json::object definitions() {
  json::object defs;
  defs["duration"] = text("a number and s, m, h or d: 10m");
  defs["rate"] = text("50/s burst 200, 30/min, 20MB/s");
  defs["geo"] =
      object_of("addresses of countries",
                {{"geo", one_or_list_of(type("string")), "ISO 3166: FI", Need::required}});
  defs["address"] =
      any_of({text("an address, network, range, name of a host, or name"), ref("geo")});
  defs["addresses"] = one_or_list_of(ref("address"));
  defs["services"] = one_or_list_of(text("tcp/443, udp/27015-27030, icmp/8, gre, or a name"));
  defs["zone"] = object_of("a part of the network", zone_keys());
  defs["feed"] = object_of("a long list of addresses", feed_keys());
  defs["bans"] = object_of("addresses shut out for a time", bans_keys());
  defs["quarantine"] =
      object_of("servers that this host is kept from for a while", quarantine_keys());
  defs["overload"] =
      object_of("what each source has while this host is overloaded", overload_keys());
  defs["management"] = object_of("the access no apply may break", management_keys());
  defs["per_source"] = object_of("limits on each source", per_source_keys());
  defs["limit"] = object_of("a limit", limit_keys());
  defs["log"] = object_of("what is logged and how", log_keys());
  defs["owner"] = object_of("who sends, on this host", owner_keys());
  defs["when"] = object_of("times", when_keys());
  defs["rule"] = object_of("a rule", rule_keys());
  defs["nat"] = object_of("a translation of addresses", nat_keys());
  defs["override"] = object_of("a change to a rule of an included file", override_keys());
  defs["test"] = object_of("what must hold of this policy", test_keys());
  defs["packet"] = object_of("what a test is about", packet_keys());
  defs["expect"] = object_of("what is expected", expect_keys());
  return defs;
}

}  // namespace

std::string policy_schema() {
  json::object schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                      {"title", "Ravelin firewall policy"}};
  for (auto& [key, value] : object_of("a firewall policy", root_keys()))
    schema[key] = value;
  schema["$defs"] = definitions();
  return json::serialize(schema);
}

}  // namespace ravelin::policies
