#include "policies/parse/parse_tests.h"

#include "base/io/yaml_text.h"
#include "base/text.h"
#include "policies/parse/test_packet.h"

#include <algorithm>

namespace ravelin::policies {
namespace {

constexpr std::size_t kTestsMax = 10'000;
constexpr std::size_t kTestNameMax = 128;

// "192.168.30.10:443", "[2001:db8::1]:443", or an address without a port.
bool read_dnat(const yaml::Value& value, PolicyTest& test) {
  std::string text;
  if (!yaml::apply(value, text, yaml::Default{})) return false;
  if (const auto address = base::parse_ip(text)) {
    test.dnat_to = *address;
    return true;
  }
  const auto endpoint = base::parse_endpoint(text);
  const auto* ip = endpoint ? std::get_if<base::IpEndpoint>(&*endpoint) : nullptr;
  if (ip == nullptr) {
    value.error(fmt::format("{} is not an address, nor one with a port", yaml::quote(text)));
    return false;
  }
  test.dnat_to = ip->address;
  test.dnat_port = ip->port;
  return true;
}

bool read_true(const yaml::Value& value, bool& target) {
  if (!yaml::apply(value, target, yaml::Default{})) return false;
  if (!target) value.error("says nothing; write the verdict that is expected");
  return target;
}

// { first, last }, or { allow: true, dnat, redirect }.
PolicyTest parse_expect(yaml::Map map) {
  PolicyTest test;
  map.optional("first", test.expect, yaml::one_of(kVerdicts));
  map.optional("last", test.expect_last, yaml::one_of(kVerdicts));
  int verdicts = map.has("first") ? 1 : 0;
  for (const auto& [word, verdict] : kVerdicts) {
    bool is_expected = false;
    if (!map.optional(word, is_expected, read_true)) continue;
    test.expect = verdict;
    ++verdicts;
  }
  map.optional("dnat", test, read_dnat);
  map.optional("redirect", test.redirect_port, yaml::between(1, 65535));
  if (verdicts > 1) map.error("expects several verdicts of one packet; keep one");
  if (verdicts == 0 && !map.has("last"))
    map.error("expects no verdict: write \"allow: true\", or \"first\" and \"last\"");
  return std::move(map).finish(std::move(test));
}

bool read_expect(const yaml::Value& value, PolicyTest& test) {
  if (!value.is(yaml::Kind::map)) {
    Verdict verdict{};
    if (!yaml::one_of(kVerdicts)(value, verdict)) return false;
    test.expect = verdict;
    return true;
  }
  const PolicyTest given = parse_expect(yaml::Map(value));
  test.expect = given.expect;
  test.expect_last = given.expect_last;
  test.dnat_to = given.dnat_to;
  test.dnat_port = given.dnat_port;
  test.redirect_port = given.redirect_port;
  return true;
}

PolicyTest parse_test(yaml::Map map, Scope& scope) {
  constexpr std::pair<std::string_view, PolicyTest::Kind> kKinds[] = {
      {"packet", PolicyTest::Kind::packet},
      {"never", PolicyTest::Kind::never},
      {"always", PolicyTest::Kind::always},
  };

  PolicyTest test;
  test.pos = map.pos();
  int kinds = 0;
  for (const auto& [word, kind] : kKinds) {
    if (map.has(word)) {
      test.kind = kind;
      ++kinds;
    }
    map.optional(word, test.packet, yaml::object([&, each = kind](yaml::Map packet) {
                   return parse_test_packet(std::move(packet), scope, each);
                 }));
  }
  if (kinds != 1) map.error("is no test: write one of packet, never and always");
  map.optional("name", test.name, yaml::text(1, kTestNameMax));
  map.optional("expect", test, read_expect);
  map.optional("by", test.by, yaml::converted(parse_id));
  const bool is_packet = map.has("packet");
  if (kinds == 1 && is_packet && !map.has("expect")) map.error("\"expect\" is missing");
  if (kinds == 1 && !is_packet && (map.has("expect") || map.has("by")))
    map.error("\"expect\" and \"by\" go with \"packet\"");
  if (test.expect_last && test.packet.repeat == 1)
    map.error("\"last\" needs \"repeat\" in the packet (251 in 1s)");
  return std::move(map).finish(std::move(test));
}

}  // namespace

Management parse_management(yaml::Map map, Scope& scope) {
  Management management;
  management.pos = map.pos();
  Services services;
  const bool has_service =
      map.required("service", services, [&](const yaml::Value& value, Services& target) {
        return scope.services.read(value, AnyService::refused, target);
      });
  if (has_service) management.services = std::move(services.terms);
  std::size_t zones = 0;
  std::size_t entries = 0;
  map.required("from", management.from, [&](const yaml::Value& value, AddressMatch& from) {
    const auto count = [&](const yaml::TreeNode& node) {
      ++entries;
      const auto zone = scope.names.zone(node.text);
      if (!zone) return;
      ++zones;
      management.zones.push_back(*zone);
    };
    if (value.is(yaml::Kind::list)) {
      std::ranges::for_each(value.node().items, count);
    } else {
      count(value.node());
    }
    return scope.addresses.read(value, AddressUse::plain, from);
  });
  if (map.has("in")) management.zones.clear();
  map.optional("in", management.zones, [&](const yaml::Value& value, std::vector<ZoneId>& target) {
    return scope.read_zones(value, target);
  });
  if (!map.has("in") && zones != 0 && zones != entries) {
    map.error("\"from\" names zones and addresses; say with \"in\" which zones they come in from");
  }
  return std::move(map).finish(std::move(management));
}

bool read_test_section(const yaml::Value& value, Scope& scope, std::vector<PolicyTest>& tests) {
  return yaml::list_of(
      yaml::object([&](yaml::Map map) { return parse_test(std::move(map), scope); }), 0, kTestsMax)(
      value, tests);
}

void check_test_ids(const yaml::Value& section, const Scope& scope,
                    const std::vector<PolicyTest>& tests) {
  std::vector<std::string_view> ids;
  ids.reserve(scope.ids.size());
  for (const auto& [id, pos] : scope.ids)
    ids.push_back(id);
  for (const PolicyTest& test : tests) {
    if (test.by.empty() || scope.ids.contains(test.by) || section.report().is_full()) continue;
    section.report().error(
        test.pos, section.path(),
        fmt::format("\"by\": no rule has the id \"{}\"{}", test.by, hint(test.by, ids)));
  }
}

}  // namespace ravelin::policies
