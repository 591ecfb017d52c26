// A policy of 1,000 rules with seeded mistakes: each is found at its line, and nothing else is.
#include "policies/analyse/findings.h"
#include "policies/check/run_test.h"
#include "tests/policies/support/build_policy.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>

namespace ravelin::policies {
namespace {

using build::addresses;
using build::allow;
using build::deny;
using build::kLan;
using build::kWan;
using build::list;
using build::services;

constexpr ZoneId kDmz = 2;
constexpr int kTeams = 240;  // of four rules each

// A team has a network of each family, and services of its own that overlap no other's.
AddressMatch team(int number) {
  return addresses({fmt::format("10.{}.{}.0/24", 16 + number / 200, number % 200),
                    fmt::format("2001:db8:{:x}::/48", 0x100 + number)},
                   fmt::format("team{}", number));
}

AddressMatch host_of(int number) {
  return addresses({fmt::format("10.{}.{}.7", 16 + number / 200, number % 200),
                    fmt::format("2001:db8:{:x}::7", 0x100 + number)},
                   fmt::format("host{}", number));
}

AddressMatch only_v4(int number) {
  return addresses({fmt::format("10.{}.{}.0/24", 16 + number / 200, number % 200)},
                   fmt::format("old-team{}", number));
}

std::string port_of(int number, int service = 0) {
  return fmt::format("tcp/{}", 10000 + number * 10 + service);
}

struct Seeded {
  Policy policy;
  std::map<int, std::string> expected;     // line -> what the finding contains
  std::map<std::string, int> never_lines;  // name of a `never` -> line that refutes it; 0: holds
};

class Generator {
 public:
  Seeded make() {
    made_.policy = build::two_zones();
    made_.policy.zones[kLan].networks.clear();
    made_.policy.zones.push_back({.name = "dmz", .interfaces = {"eth2"}});
    std::vector<Rule> to_host, to_dmz, from_lan;
    for (int number = 0; number < kTeams; ++number)
      add_team(number, number % 3 == 0 ? to_host : number % 3 == 1 ? to_dmz : from_lan);
    for (std::vector<Rule>* rules : {&to_host, &to_dmz, &from_lan})
      add_end(*rules);
    made_.policy.lists = {list({kWan}, {kHost}, to_host, "wan -> host"),
                          list({kWan}, {kDmz}, to_dmz, "wan -> dmz"),
                          list({kLan, kDmz}, {kWan}, from_lan, "lan, dmz -> wan")};
    return std::move(made_);
  }

 private:
  // An exception, what it is an exception of, a range of ports, and for some a mistake.
  void add_team(int number, std::vector<Rule>& rules) {
    rules.push_back(deny(++line_, port_of(number), host_of(number)));
    rules.push_back(allow(++line_, port_of(number) + ", " + port_of(number, 1), team(number)));
    const int general = line_;
    rules.push_back(allow(++line_,
                          fmt::format("udp/{}-{}", 10000 + number * 10, 10000 + number * 10 + 9),
                          team(number)));
    Rule last = allow(++line_, port_of(number, 2), team(number));
    add_mistake(number, general, last);
    rules.push_back(last);
  }

  void add_mistake(int number, int general, Rule& rule) {
    const std::string test = fmt::format("never {}", number);
    switch (number % 24) {
      case 3:
        rule.services = services(port_of(number, 1));
        expect(fmt::format("is never met: line {} covers it and decides the same", general));
        break;
      case 7:
        rule = deny(line_, port_of(number, 1), host_of(number));
        expect(fmt::format("is never met: line {} covers it", general));
        break;
      case 10:
        rule = deny(line_, port_of(number, 1) + ", " + port_of(number, 3), host_of(number));
        expect(fmt::format("service {} is never met: line {} covers it and decides otherwise",
                           port_of(number, 1), general));
        break;
      case 14:
        rule.from = only_v4(number);
        expect("IPv6 stays closed");
        break;
      case 17:
        add_never(test, number, port_of(number, 2), line_);
        break;
      case 20:
        add_never(test, number, port_of(number, 4), 0);
        break;
      default:
        break;
    }
  }

  void expect(std::string text) { made_.expected[line_] = std::move(text); }

  void add_never(const std::string& name, int number, const std::string& what, int line) {
    PolicyTest test;
    test.kind = PolicyTest::Kind::never;
    test.name = name;
    test.packet.in = number % 3 == 2 ? kDmz : kWan;
    test.packet.services = services(what);
    made_.policy.tests.push_back(test);
    made_.never_lines[name] = line;
  }

  // Open to all but a few, then closed; one of the blocks is of one family.
  void add_end(std::vector<Rule>& rules) {
    rules.push_back(deny(++line_, "http", addresses({"192.0.2.0/24"}, "scanners")));
    expect(fmt::format("IPv6 stays open, line {} allows it", line_ + 1));
    rules.push_back(allow(++line_, "http, https"));
    while (rules.size() < 334) {
      ++line_;
      rules.push_back(allow(line_, fmt::format("tcp/{}", 50000 + line_)));
    }
    rules.push_back(deny(++line_, "any"));
  }

  Seeded made_;
  int line_ = 0;
};

TEST(ThousandRules, EveryMistakeIsFoundAtItsLineAndNothingElse) {
  const Seeded seeded = Generator().make();
  std::size_t count = 0;
  for (const RuleList& list : seeded.policy.lists)
    count += list.rules.size();
  ASSERT_GE(count, 1000U);
  ASSERT_GE(seeded.expected.size(), 40U);

  const auto start = std::chrono::steady_clock::now();
  const base::Diagnostics findings = analyse(seeded.policy);
  const std::vector<TestOutcome> outcomes = run_tests(seeded.policy);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  fmt::print("{} rules, {} proofs: {:.3f} s\n", count, outcomes.size(), took.count());

  std::map<int, std::string> left = seeded.expected;
  for (const base::Finding& finding : findings.findings()) {
    const auto seed = left.find(finding.pos.line);
    ASSERT_NE(seed, left.end()) << "false alarm: " << to_string(finding);
    EXPECT_NE(finding.message.find(seed->second), std::string::npos) << to_string(finding);
    left.erase(seed);
  }
  for (const auto& [line, text] : left)
    ADD_FAILURE() << "line " << line << " is not found: " << text;

  ASSERT_EQ(outcomes.size(), seeded.never_lines.size());
  for (const TestOutcome& outcome : outcomes) {
    const int line = seeded.never_lines.at(outcome.name);
    EXPECT_EQ(outcome.passed, line == 0) << outcome.message;
    if (line != 0)
      EXPECT_TRUE(outcome.message.ends_with(fmt::format("is allowed by edge.yaml:{}", line)))
          << outcome.message;
  }
}

}  // namespace
}  // namespace ravelin::policies
