// The agent protocol as text: every word, and what is refused whole.
#include "gateway/upstream/agent_reply.h"

#include "gateway/upstream/health_state.h"
#include "gateway/upstream/reported_weight.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using Health = AgentReply::Health;
using Order = AgentReply::Order;

struct ReplyCase {
  const char* name;
  std::string_view line;
  AgentReply reply;
};

class Reply : public testing::TestWithParam<ReplyCase> {};

TEST_P(Reply, IsRead) {
  const auto reply = parse_agent_reply(GetParam().line);
  ASSERT_TRUE(reply.has_value()) << reply.error().message;
  EXPECT_EQ(*reply, GetParam().reply);
}

INSTANTIATE_TEST_SUITE_P(
    Agent, Reply,
    testing::Values(
        ReplyCase{"Weight", "75%", {.weight_percent = 75}},
        ReplyCase{"NoWeight", "0%", {.weight_percent = 0}},
        ReplyCase{"MostWeight", "256%", {.weight_percent = 256}},
        ReplyCase{"Up", "up", {.health = Health::up}},
        ReplyCase{"Down", "down", {.health = Health::down}},
        ReplyCase{"Stopped", "stopped", {.health = Health::down}},
        ReplyCase{"FailWithWhy", "fail #disk full", {.health = Health::down, .why = "disk full"}},
        ReplyCase{"Drain", "drain", {.order = Order::drain}},
        ReplyCase{"Maint", "MAINT", {.order = Order::maint}},
        ReplyCase{"Connections", "maxconn:30", {.connections_max = 30}},
        ReplyCase{"Several",
                  "up, ready\t50%  maxconn:0",
                  {.weight_percent = 50,
                   .connections_max = 0,
                   .health = Health::up,
                   .order = Order::ready}},
        ReplyCase{
            "TheLastCounts", "up down 10% 20%", {.weight_percent = 20, .health = Health::down}},
        ReplyCase{
            "WhyIsMadeVisible", "down #a\x01\x7f\xe9z", {.health = Health::down, .why = "a???z"}}),
    [](const auto& row) { return row.param.name; });

struct NonsenseCase {
  const char* name;
  std::string_view line;
};

class Nonsense : public testing::TestWithParam<NonsenseCase> {};

TEST_P(Nonsense, IsRefusedWhole) {
  EXPECT_FALSE(parse_agent_reply(GetParam().line).has_value());
}

INSTANTIATE_TEST_SUITE_P(
    Agent, Nonsense,
    testing::Values(NonsenseCase{"Empty", ""}, NonsenseCase{"Blank", " \t,"},
                    NonsenseCase{"OnlyAComment", "#up"},
                    NonsenseCase{"AnotherWord", "75% sideways"}, NonsenseCase{"TooMuch", "257%"},
                    NonsenseCase{"Negative", "-1%"}, NonsenseCase{"Fraction", "7.5%"},
                    NonsenseCase{"NoNumber", "%"}, NonsenseCase{"NumberAlone", "75"},
                    NonsenseCase{"NoConnections", "maxconn:"},
                    NonsenseCase{"TooManyConnections", "maxconn:4294967296"},
                    NonsenseCase{"Http", "HTTP/1.1 200 OK"}),
    [](const auto& row) { return row.param.name; });

TEST(Agent, WhyIsCut) {
  const auto reply = parse_agent_reply("down #" + std::string(1000, 'x'));
  EXPECT_EQ(reply->why.size(), 100U);
}

TEST(Agent, WhatItSaidHoldsUntilItSaysOtherwise) {
  HealthState state;
  EXPECT_FALSE(take_reply(state.agent, {.weight_percent = 10}));
  EXPECT_TRUE(take_reply(state.agent, {.health = Health::down, .why = "disk full"}));
  EXPECT_EQ(judge(state, AdminState::ready).reason, "down, by its agent: disk full");
  EXPECT_TRUE(take_reply(state.agent, {.order = Order::drain}));
  EXPECT_EQ(judge(state, AdminState::ready).state, "drain");
  EXPECT_FALSE(take_reply(state.agent, {.health = Health::down, .order = Order::drain}));
  EXPECT_TRUE(take_reply(state.agent, {.order = Order::ready}));
  EXPECT_EQ(judge(state, AdminState::ready).state, "down");
  EXPECT_TRUE(take_reply(state.agent, {.health = Health::up}));
  EXPECT_TRUE(judge(state, AdminState::ready).is_usable());
}

TEST(Agent, OperatorsOrdersComeFirst) {
  HealthState state;
  take_reply(state.agent, {.order = Order::maint});
  EXPECT_EQ(judge(state, AdminState::drain).reason, "draining, by the operator");
  EXPECT_EQ(judge(state, AdminState::ready).reason, "in maintenance, by its agent");
}

TEST(ReportedWeight, IsANumberOfPercent) {
  EXPECT_EQ(parse_weight_percent("75"), 75);
  EXPECT_EQ(parse_weight_percent("75%"), 75);
  EXPECT_EQ(parse_weight_percent("0"), 0);
  for (const std::string_view text :
       {"", "%", "257", "-1", "+1", " 7", "7 ", "1e2", "75%%", "99999999999999999999"})
    EXPECT_EQ(parse_weight_percent(text), std::nullopt) << text;
}

TEST(ReportedWeight, IsFoundByItsNameInAnyCase) {
  FieldList fields;
  fields.push_back({FieldId::unknown, "X-Other", "9"});
  fields.push_back({FieldId::unknown, "x-server-WEIGHT", "40%"});
  EXPECT_EQ(find_reported_weight(fields, "X-Server-Weight"), 40);
  EXPECT_EQ(find_reported_weight(fields, "X-Weight"), std::nullopt);
}

}  // namespace
}  // namespace ravelin::gateway
