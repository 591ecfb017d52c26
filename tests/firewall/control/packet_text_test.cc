// Packets in words: what they stand for in a policy, what is refused and how it is told.
#include "firewall/control/packet_text.h"

#include "firewall/control/explanation.h"
#include "firewall/control/prepare.h"
#include "tests/base/io/table_loader.h"

#include <gmock/gmock.h>

namespace ravelin::firewall {
namespace {

using policies::ConnState;
using ::testing::HasSubstr;

constexpr const char* kPacketPolicy = R"(policy: v1
name: gate
zones:
  wan: { interfaces: [eth0, "ppp*"] }
  lan: { interfaces: [eth1], networks: [10.9.0.0/24] }
addresses:
  office: 198.51.100.7
services:
  shop: tcp/8443
nat:
  - { forward: tcp/2222, via: wan, to: "10.9.0.5:22", id: jump }
rules:
  wan -> host:
    - { allow: shop, from: office, id: shop }
    - { reject: tcp/113 }
  lan -> wan:
    - allow: https
  host -> wan:
    - { allow: dns, via: "ppp*" }
)";

struct NoFacts final : FactFinder {
  policies::Facts find(const policies::ParsedPolicy& /*policy*/) override { return {}; }
};

class PacketTextTest : public ::testing::Test {
 protected:
  PacketTextTest() {
    base::yaml::TableLoader loader(
        std::map<std::string, std::string>{{"/p/gate.yaml", kPacketPolicy}});
    NoFacts facts;
    base::Diagnostics diagnostics;
    bundle_ = collect("/p/gate.yaml", loader, facts, {}, diagnostics);
    auto policy = policy_of(bundle_);
    EXPECT_TRUE(policy) << base::to_string(policy.error());
    if (policy) policy_ = std::move(*policy);
    facts_.own["wan"] = {*base::parse_ip("192.0.2.254")};
  }

  Result<policies::Packet> read(std::string_view text) {
    auto words = parse_packet_text(text);
    if (!words) return words.error();
    const auto asked = resolve_packet(std::move(*words), policies::PolicyTest::Kind::packet,
                                      bundle_, policy_, facts_);
    if (!asked) return asked.error();
    return packet_of(*asked, policy_);
  }

  Answer explain(std::string_view text) {
    const auto packet = read(text);
    if (!packet) return answer_of(packet.error());
    const ExplainedPacket explained = explain_packet(policy_, *packet, {});
    EXPECT_TRUE(explained.agree()) << text;
    return answer_explained(policy_, explained);
  }

  PolicyBundle bundle_;
  policies::Policy policy_;
  policies::Facts facts_;
};

TEST_F(PacketTextTest, WordsStandForWhatThePolicyNames) {
  const auto packet = read("service=shop from=office  in=wan\tto=host state=established");
  ASSERT_TRUE(packet) << base::to_string(packet.error());
  EXPECT_EQ(packet->in_interface, "eth0");
  EXPECT_EQ(packet->out_interface, "");
  EXPECT_EQ(base::to_string(packet->source), "198.51.100.7");
  EXPECT_EQ(packet->destination_port, 8443);
  EXPECT_EQ(packet->state, ConnState::established);
}

TEST_F(PacketTextTest, AnInterfaceStandsForItsZone) {
  const auto in = read("in=ppp7 from=203.0.113.9 to=host service=tcp/443");
  ASSERT_TRUE(in) << base::to_string(in.error());
  EXPECT_EQ(in->in_interface, "ppp7");
  const auto out = read("in=host from=host to=203.0.113.9 out=ppp3 service=udp/53 uid=1000");
  ASSERT_TRUE(out) << base::to_string(out.error());
  EXPECT_EQ(out->in_interface, "");
  EXPECT_EQ(out->out_interface, "ppp3");
  EXPECT_EQ(out->uid, 1000u);
}

TEST_F(PacketTextTest, AnAddressOfOursIsThisHost) {
  for (const char* to : {"192.0.2.254", "wan-address"}) {
    const auto packet = read(fmt::format("in=wan from=203.0.113.9 to={} service=tcp/443", to));
    ASSERT_TRUE(packet) << base::to_string(packet.error());
    EXPECT_EQ(packet->out_interface, "") << to;
    EXPECT_EQ(base::to_string(packet->destination), "192.0.2.254");
  }
}

struct Refusal {
  const char* text;
  const char* message;
};

TEST_F(PacketTextTest, WhatMakesNoSenseIsRefusedWithWhatMayBeMeant) {
  const Refusal rows[] = {
      {"", "describe a packet: in=ZONE from=ADDRESS to=host service=tcp/443"},
      {" \t ", "describe a packet: in=ZONE from=ADDRESS to=host service=tcp/443"},
      {"wan", "\"wan\" is not written key=value (in, out, from, to, service, state, uid)"},
      {"form=1.2.3.4", "\"form\" says nothing of a packet (did you mean \"from\"?)"},
      {"port=22", "\"port\" says nothing of a packet (in, out, from, to, service, state, uid)"},
      {"in=", "in: nothing stands behind the ="},
      {"in=wan in=lan", "in: is said twice"},
      {"state=old", "state: \"old\" is not new, established, related or invalid"},
      {"uid=root", "uid: \"root\" is not the number of a user"},
      {"uid=4294967296", "uid: \"4294967296\" is not the number of a user"},
      {"in=wan\x01", "a packet is described without control characters"},
      {"in=wam from=203.0.113.9 to=host service=tcp/443",
       "in: zone \"wam\" is not defined (did you mean \"wan\"?)"},
      {"in=wan from=203.0.113.9 to=host", "\"service\" is missing: a packet has one"},
      {"in=wan from=203.0.113.9 to=host service=dns",
       "\"service\" is several (tcp/53, udp/53); a packet has one"},
  };
  for (const Refusal& row : rows) {
    const auto packet = read(row.text);
    ASSERT_FALSE(packet) << row.text;
    EXPECT_EQ(packet.error().message, row.message) << row.text;
  }
  EXPECT_FALSE(parse_packet_text("in=" + std::string(kPacketTextMax, 'x')));
}

TEST_F(PacketTextTest, AnAllowedPacketIsToldWithItsLine) {
  const Answer answer = explain("in=wan from=office to=host service=shop");
  EXPECT_EQ(answer.went, Went::done);
  EXPECT_EQ(answer.text,
            "tcp/8443 from 198.51.100.7 to 192.0.2.1, wan (eth0) -> this host\n"
            "The policy:\n"
            "  zone wan (eth0) -> host\n"
            "  /p/gate.yaml:14 allow shop: allowed\n"
            "The ruleset:\n"
            "  raw_pre: accept\n"
            "  pre_nat: goto dnat_wan\n"
            "  pre_nat: policy accept\n"
            "  input: goto z_wan_host\n"
            "  z_wan_host: jump r_shop\n"
            "  r_shop: gate.yaml:14 shop: accept\n"
            "allowed by /p/gate.yaml:14 (shop)\n");
}

struct Case {
  const char* text;
  Went went;
  const char* last;
};

TEST_F(PacketTextTest, EveryFateIsTold) {
  const Case cases[] = {
      {"in=wan from=203.0.113.9 to=host service=shop", Went::no, "denied by the end of the lists"},
      {"in=wan from=203.0.113.9 to=host service=tcp/113", Went::no, "rejected by /p/gate.yaml:15"},
      {"in=wan from=203.0.113.9 to=192.0.2.254 service=tcp/2222", Went::done,
       "allowed by /p/gate.yaml:11 (jump), forwarded to 10.9.0.5:22"},
      {"in=lan from=10.9.0.9 to=203.0.113.9 out=wan service=tcp/443", Went::done,
       "allowed by /p/gate.yaml:17"},
      {"in=lan from=203.0.113.9 to=host service=tcp/443", Went::no,
       "denied by a source that cannot be on that interface"},
      {"in=host from=host to=203.0.113.9 out=wan service=udp/53", Went::no,
       "denied by the end of the lists"},
      {"in=host from=host to=203.0.113.9 out=ppp0 service=udp/53", Went::done,
       "allowed by /p/gate.yaml:19"},
      {"in=wan from=203.0.113.9 to=host service=shop state=invalid", Went::no,
       "denied by a packet of no connection"},
      {"in=wan from=203.0.113.9 to=host service=shop state=established", Went::done,
       "allowed by an established connection"},
  };
  for (const Case& one : cases) {
    const Answer answer = explain(one.text);
    EXPECT_EQ(answer.went, one.went) << one.text;
    EXPECT_TRUE(answer.text.ends_with("\n" + std::string(one.last) + "\n")) << one.text << "\n"
                                                                            << answer.text;
  }
}

TEST_F(PacketTextTest, ProgramsGetTheSame) {
  const Answer answer = explain("in=wan from=203.0.113.9 to=host service=tcp/113");
  EXPECT_THAT(answer.json, HasSubstr(R"("verdict":"rejected")"));
  EXPECT_THAT(answer.json, HasSubstr(R"("line":15)"));
  EXPECT_THAT(answer.json, HasSubstr(R"("agree":true)"));
}

}  // namespace
}  // namespace ravelin::firewall
