// The way of a packet through hooks, chains and NAT, and what packets leave behind.
#include "firewall/simulate/run.h"

#include "tests/firewall/ruleset/build.h"
#include "tests/firewall/simulate/packets.h"

#include <gtest/gtest.h>

namespace ravelin::firewall::simulate {
namespace {

using namespace std::chrono_literals;
using policies::ConnState;
using policies::Packet;
using Verdict_ = Outcome::Verdict;

const Packet kPacket = tcp("203.0.113.9", "192.0.2.1", 443);

Hook filter(Hook::Point point, std::int32_t priority = 0,
            Hook::Policy policy = Hook::Policy::drop) {
  return {Hook::Type::filter, point, priority, policy};
}

Ruleset of(std::vector<Chain> chains, std::vector<Set> sets = {}) {
  Ruleset ruleset;
  ruleset.chains = std::move(chains);
  ruleset.sets = std::move(sets);
  return ruleset;
}

Outcome run_once(const Ruleset& ruleset, const Packet& packet) {
  TableState state;
  return run(ruleset, packet, state);
}

std::string path(const Outcome& outcome) {
  std::string text;
  for (const Step& step : outcome.steps)
    text += (text.empty() ? "" : ", ") + step.chain + ": " + step.verdict;
  return text;
}

struct PathCase {
  const char* name;
  std::vector<Chain> chains;
  const char* path;
};

TEST(SimulateRun, FollowsJumpsGotosAndReturns) {
  using build::chain;
  using build::rule;
  const auto input = [](std::vector<Rule> rules) {
    return build::base_chain("input", filter(Hook::Point::input), std::move(rules));
  };
  const PathCase cases[] = {
      {"PolicyAtTheEnd", {input({})}, "input: policy drop"},
      {"AcceptEnds", {input({rule({build::accept()}), rule({build::drop()})})}, "input: accept"},
      {"JumpComesBack",
       {chain("a"), input({rule({build::jump("a")}), rule({build::accept()})})},
       "input: jump a, input: accept"},
      {"GotoDoesNot",
       {chain("a"), input({rule({build::go_to("a")}), rule({build::accept()})})},
       "input: goto a, input: policy drop"},
      {"GotoComesBackToWhoJumped",
       {chain("b"), chain("a", {rule({build::go_to("b")}), rule({build::drop()})}),
        input({rule({build::jump("a")}), rule({build::accept()})})},
       "input: jump a, a: goto b, input: accept"},
      {"ReturnComesBack",
       {chain("a", {rule({build::come_back()}), rule({build::drop()})}),
        input({rule({build::jump("a")}), rule({build::accept()})})},
       "input: jump a, a: return, input: accept"},
      {"ReturnFromABaseChainIsItsPolicy",
       {input({rule({build::come_back()})})},
       "input: return, input: policy drop"},
      {"RejectEnds", {input({rule({Reject{}}), rule({build::accept()})})}, "input: reject"},
  };
  for (const PathCase& row : cases)
    EXPECT_EQ(path(run_once(of(row.chains), kPacket)), row.path) << row.name;
}

TEST(SimulateRun, GoesWhereAVerdictMapSays) {
  const Set map = build::map(build::set(
      "services", {Field::th_dport},
      {build::mapped(build::element(build::number(Field::th_dport, 443)), build::go_to("web"))}));
  const Ruleset ruleset =
      of({build::chain("web", {build::rule({build::accept()}, "edge.yaml:3 web")}),
          build::base_chain("input", filter(Hook::Point::input),
                            {build::rule({VerdictLookup{{{Field::th_dport, 0}}, "services"}}),
                             build::rule({Counter{}, build::drop()})})},
         {map});
  const Outcome outcome = run_once(ruleset, kPacket);
  EXPECT_EQ(path(outcome), "input: goto web, web: accept");
  EXPECT_EQ(outcome.steps[1].comment, "edge.yaml:3 web");
  EXPECT_EQ(path(run_once(ruleset, tcp("203.0.113.9", "192.0.2.1", 444))), "input: drop");
}

TEST(SimulateRun, PassesHooksInTheOrderOfTheKernel) {
  const auto base = [](const char* name, Hook::Point point, std::int32_t priority = 0) {
    return build::base_chain(name, filter(point, priority, Hook::Policy::accept));
  };
  const Ruleset ruleset =
      of({base("late", Hook::Point::input, 1), base("post", Hook::Point::postrouting),
          base("out", Hook::Point::output), base("fwd", Hook::Point::forward),
          base("in", Hook::Point::input), base("pre", Hook::Point::prerouting, -300)});
  const char* accept = ": policy accept";
  const auto chains = [&](const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names)
      text += (text.empty() ? "" : ", ") + name + accept;
    return text;
  };
  EXPECT_EQ(path(run_once(ruleset, between(kPacket, "eth0", ""))), chains({"pre", "in", "late"}));
  EXPECT_EQ(path(run_once(ruleset, between(kPacket, "eth0", "lan"))),
            chains({"pre", "fwd", "post"}));
  EXPECT_EQ(path(run_once(ruleset, between(kPacket, "", "eth0"))), chains({"out", "post"}));
}

TEST(SimulateRun, AnAcceptIsNotFinalForLaterChainsADropIs) {
  const auto says = [](const char* name, std::int32_t priority, Verdict verdict) {
    return build::base_chain(name, filter(Hook::Point::input, priority),
                             {build::rule({std::move(verdict)})});
  };
  EXPECT_EQ(
      path(run_once(of({says("a", 0, build::accept()), says("b", 1, build::drop())}), kPacket)),
      "a: accept, b: drop");
  EXPECT_EQ(
      path(run_once(of({says("a", 0, build::drop()), says("b", 1, build::accept())}), kPacket)),
      "a: drop");
}

TEST(SimulateRun, ConntrackStandsBehindRaw) {
  const auto drops = [](std::int32_t priority, std::uint64_t state) {
    return of({build::base_chain(
        "pre", filter(Hook::Point::prerouting, priority, Hook::Policy::accept),
        {build::rule(
            {build::compare(Field::ct_state, Comparison::has_any, state), build::drop()})})});
  };
  EXPECT_EQ(run_once(drops(-300, 8), kPacket).verdict, Verdict_::accept);
  EXPECT_EQ(run_once(drops(-300, 1), kPacket).verdict, Verdict_::drop);
  EXPECT_EQ(run_once(drops(-150, 8), kPacket).verdict, Verdict_::drop);
  Ruleset untracked = drops(-150, 64);
  untracked.chains.insert(
      untracked.chains.begin(),
      build::base_chain("raw", filter(Hook::Point::prerouting, -300, Hook::Policy::accept),
                        {build::rule({NoTrack{}})}));
  EXPECT_EQ(run_once(untracked, kPacket).verdict, Verdict_::drop);
}

TEST(SimulateRun, ASynproxyAnswersForTheHost) {
  const Ruleset ruleset =
      of({build::base_chain("in", filter(Hook::Point::input),
                            {build::rule({Synproxy{}}), build::rule({build::accept()})})});
  EXPECT_EQ(path(run_once(ruleset, kPacket)), "in: synproxy");
  policies::Packet other = kPacket;
  other.protocol = policies::kUdp;
  EXPECT_EQ(path(run_once(ruleset, other)), "in: accept");
}

Ruleset with_dnat() {
  return of(
      {build::base_chain("pre_nat",
                         {Hook::Type::nat, Hook::Point::prerouting, -100, Hook::Policy::accept},
                         {build::rule({build::is(Field::tcp_dport, 443),
                                       Nat{Nat::Kind::dnat, *base::parse_ip("10.0.0.5"), 8443}}),
                          build::rule({build::is(Field::tcp_dport, 53), Redirect{5353}}),
                          build::rule({build::is(Field::tcp_dport, 8443), build::drop()})}),
       build::base_chain("input", filter(Hook::Point::input),
                         {build::rule({build::is(Field::th_dport, 5353), build::accept()})}),
       build::base_chain("forward", filter(Hook::Point::forward),
                         {build::rule({build::compare(Field::ct_status, Comparison::has_any, 32),
                                       build::is(Field::ip_daddr, build::address("10.0.0.5")),
                                       build::is(Field::oifname, build::interface("dmz")),
                                       build::is(Field::th_dport, 8443), build::accept()})}),
       build::base_chain("post",
                         {Hook::Type::nat, Hook::Point::postrouting, 100, Hook::Policy::accept},
                         {build::rule({Masquerade{}})})});
}

TEST(SimulateNat, TurnsAConnectionAndRoutesItAgain) {
  TableState state;
  state.own = {*base::parse_ip("192.0.2.1")};
  state.routes = {{*base::parse_prefix("10.0.0.0/24"), "dmz"}};
  const Outcome first = run(with_dnat(), kPacket, state);
  EXPECT_EQ(path(first), "pre_nat: dnat, forward: accept, post: masquerade");
  EXPECT_EQ(first.dnat_to, *base::parse_ip("10.0.0.5"));
  EXPECT_EQ(first.dnat_port, 8443);
  EXPECT_TRUE(first.is_masqueraded);
  // Later packets meet no nat chain, and are turned all the same.
  const Outcome later = run(with_dnat(), in_state(kPacket, ConnState::established), state);
  EXPECT_EQ(path(later), "forward: accept");
  end_connection(state, connection_of(kPacket));
  EXPECT_EQ(path(run(with_dnat(), in_state(kPacket, ConnState::established), state)),
            "input: policy drop");
}

TEST(SimulateNat, RedirectsToThisHost) {
  TableState state;
  const Packet query = between(tcp("10.0.0.9", "8.8.8.8", 53), "lan", "eth0");
  const Outcome outcome = run(with_dnat(), query, state);
  EXPECT_EQ(path(outcome), "pre_nat: redirect, input: accept");
  EXPECT_TRUE(outcome.is_redirected);
  EXPECT_EQ(outcome.dnat_port, 5353);
}

TEST(SimulateNat, ForgetsAConnectionThatIsDroppedLater) {
  TableState state;  // without a route to the dmz the forward chain drops it
  EXPECT_EQ(run(with_dnat(), between(kPacket, "eth0", "lan"), state).verdict, Verdict_::drop);
  EXPECT_TRUE(state.turned.empty());
}

// Bans who comes to port 23 for ten seconds.
Ruleset with_bans(Update::Operation operation) {
  Set bans = build::dynamic("bans", {Field::ip_saddr}, 2);
  bans.has_timeout = true;
  bans.timeout = 10s;
  const Key source = {{Field::ip_saddr, 0}};
  return of(
      {build::base_chain("input", filter(Hook::Point::input),
                         {build::rule({build::is(Field::tcp_dport, 23),
                                       Update{operation, source, "bans", {}, {}}, build::drop()}),
                          build::rule({Lookup{source, "bans", false}, build::drop()}),
                          build::rule({build::accept()})})},
      {bans});
}

TEST(SimulateDynamicSet, HoldsAnElementForItsTime) {
  TableState state;
  const Ruleset ruleset = with_bans(Update::Operation::add);
  const Packet knock = tcp("203.0.113.9", "192.0.2.1", 23);
  EXPECT_EQ(run(ruleset, kPacket, state).verdict, Verdict_::accept);
  const Outcome banned = run(ruleset, knock, state);
  EXPECT_EQ(banned.added, (std::vector<Added>{{"bans", build::address("203.0.113.9")}}));
  EXPECT_EQ(run(ruleset, at(kPacket, 9s), state).verdict, Verdict_::drop);
  EXPECT_TRUE(run(ruleset, at(knock, 9s), state).added.empty());
  // `add` does not renew it.
  EXPECT_EQ(run(ruleset, at(kPacket, 10s), state).verdict, Verdict_::accept);
}

TEST(SimulateDynamicSet, UpdateRenewsTheTime) {
  TableState state;
  const Ruleset ruleset = with_bans(Update::Operation::update);
  const Packet knock = tcp("203.0.113.9", "192.0.2.1", 23);
  run(ruleset, knock, state);
  run(ruleset, at(knock, 9s), state);
  EXPECT_EQ(run(ruleset, at(kPacket, 18s), state).verdict, Verdict_::drop);
  EXPECT_EQ(run(ruleset, at(kPacket, 19s), state).verdict, Verdict_::accept);
}

TEST(SimulateDynamicSet, AFullSetEndsTheRule) {
  TableState state;
  const Ruleset ruleset = with_bans(Update::Operation::add);
  run(ruleset, tcp("203.0.113.1", "192.0.2.1", 23), state);
  run(ruleset, tcp("203.0.113.2", "192.0.2.1", 23), state);
  EXPECT_EQ(path(run(ruleset, tcp("203.0.113.3", "192.0.2.1", 23), state)), "input: accept");
}

TEST(SimulateDynamicSet, ContentsOfAnotherHandCount) {
  TableState state;
  state.contents["bans"] = {build::element(build::address("203.0.113.9"))};
  EXPECT_EQ(run(with_bans(Update::Operation::add), kPacket, state).verdict, Verdict_::drop);
}

TEST(SimulateDynamicSet, MetersEachSourceOfASlash64) {
  Set meter = build::dynamic("meter", {Field::ip6_saddr}, 100);
  const Update over{Update::Operation::update,
                    {{Field::ip6_saddr, 64}},
                    "meter",
                    {},
                    Limit{1, 1s, 2, false, true}};
  const Ruleset ruleset =
      of({build::base_chain("input", filter(Hook::Point::input),
                            {build::rule({over, build::drop()}), build::rule({build::accept()})})},
         {meter});
  TableState state;
  const auto comes = [&](const char* from, std::chrono::nanoseconds when) {
    return run(ruleset, at(tcp(from, "2001:db8:9::1", 1), when), state).verdict;
  };
  EXPECT_EQ(comes("2001:db8::1", 0s), Verdict_::accept);
  EXPECT_EQ(comes("2001:db8::2", 0s), Verdict_::accept);
  EXPECT_EQ(comes("2001:db8::3", 0s), Verdict_::drop);
  EXPECT_EQ(comes("2001:db8:0:1::3", 0s), Verdict_::accept);
  EXPECT_EQ(comes("2001:db8::3", 1s), Verdict_::accept);
}

TEST(SimulateDynamicSet, CountsConnectionsOfEachSource) {
  Set counted = build::dynamic("conns", {Field::ip_saddr}, 100);
  const Update over{
      Update::Operation::add, {{Field::ip_saddr, 0}}, "conns", {}, ConnectionLimit{2, true}};
  const Ruleset ruleset =
      of({build::base_chain("input", filter(Hook::Point::input),
                            {build::rule({over, build::drop()}), build::rule({build::accept()})})},
         {counted});
  TableState state;
  const auto from_port = [&](std::uint16_t port) {
    Packet packet = kPacket;
    packet.source_port = port;
    return packet;
  };
  EXPECT_EQ(run(ruleset, from_port(1), state).verdict, Verdict_::accept);
  EXPECT_EQ(run(ruleset, from_port(2), state).verdict, Verdict_::accept);
  EXPECT_EQ(run(ruleset, from_port(2), state).verdict, Verdict_::accept);
  EXPECT_EQ(run(ruleset, from_port(3), state).verdict, Verdict_::drop);
  end_connection(state, connection_of(from_port(1)));
  EXPECT_EQ(run(ruleset, from_port(3), state).verdict, Verdict_::accept);
}

struct BucketCase {
  const char* name;
  Limit limit;
  std::uint32_t packet_bytes;
  int passes_at_once;
  std::chrono::nanoseconds until_next;
};

// The arithmetic of nft_limit.c: nanoseconds per packet, credit up to the burst.
TEST(SimulateLimit, IsTheBucketOfTheKernel) {
  const BucketCase cases[] = {
      {"PerSecond", {50, 1s, 200, false, false}, 60, 200, 20ms},
      {"PerMinute", {30, 60s, 5, false, false}, 60, 5, 2s},
      {"DefaultBurst", {1, 1s, 0, false, false}, 60, 5, 1s},
      {"NotAWholeNumberOfNanoseconds", {3, 1s, 1, false, false}, 60, 1, 333333333ns},
      // The rate itself and the burst on top.
      {"Bytes", {1000, 1s, 500, true, false}, 100, 15, 100ms},
      {"BytesWithoutBurst", {1000, 1s, 0, true, false}, 100, 10, 100ms},
  };
  for (const BucketCase& row : cases) {
    TokenBucket bucket;
    int passed = 0;
    while (passed < 1000 && bucket.passes(row.limit, row.packet_bytes, 5s))
      ++passed;
    EXPECT_EQ(passed, row.passes_at_once) << row.name;
    EXPECT_FALSE(bucket.passes(row.limit, row.packet_bytes, 5s + row.until_next - 1ns)) << row.name;
    EXPECT_TRUE(bucket.passes(row.limit, row.packet_bytes, 5s + row.until_next)) << row.name;
    EXPECT_FALSE(bucket.passes(row.limit, row.packet_bytes, 5s + row.until_next)) << row.name;
    Limit over = row.limit;
    over.over = true;
    EXPECT_TRUE(bucket.passes(over, row.packet_bytes, 5s + row.until_next)) << row.name;
  }
}

TEST(SimulateLimit, EachRuleHasItsOwn) {
  const auto once = build::rule({Limit{1, 60s, 1, false, false}, build::accept()});
  const Ruleset ruleset =
      of({build::base_chain("input", filter(Hook::Point::input), {once, once})});
  TableState state;
  EXPECT_EQ(run(ruleset, kPacket, state).verdict, Verdict_::accept);
  EXPECT_EQ(run(ruleset, kPacket, state).verdict, Verdict_::accept);
  EXPECT_EQ(run(ruleset, kPacket, state).verdict, Verdict_::drop);
}

}  // namespace
}  // namespace ravelin::firewall::simulate
