// What the kernel refuses is told by step, name and line of the policy.
#include "tests/firewall/kernel/kernel_fixture.h"

#include <gmock/gmock.h>

namespace ravelin::firewall {
namespace {

class KernelErrorsTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    Set hosts = make_set("hosts", {Field::ip_saddr});
    Set nets = make_set("nets", {Field::ip_saddr});
    nets.is_interval = true;
    Set boxes = make_set("boxes", {Field::ip_saddr, Field::th_dport});
    boxes.is_interval = true;
    Set small = make_set("small", {Field::ip_saddr});
    small.size = 1;
    Set map = make_set("map", {Field::l4proto});
    map.is_verdict_map = true;
    ASSERT_EQ(apply({PutTable{}, PutSet{hosts}, PutSet{nets}, PutSet{boxes}, PutSet{small},
                     PutSet{map}, PutChain{make_chain("used")}, PutChain{make_chain("input")},
                     AddElements{"hosts", {element(address("192.0.2.5"))}},
                     AddRule{"input", Rule{{jump("used")}, {}, {}}}}),
              "");
  }

  static Rule rule_at(std::vector<Statement> statements, int line) {
    return {std::move(statements),
            "edge.yaml:" + std::to_string(line) + " web",
            {"edge.yaml", line, 5}};
  }
};

TEST_F(KernelErrorsTest, ARuleIsNamedByItsLineAndWhatItNames) {
  const Lookup in_no_set{{{Field::ip_saddr, 0}}, "nowhere", false};
  EXPECT_EQ(
      apply({AddRule{"input", rule_at({jump("missing")}, 12)}}),
      "edge.yaml:12:5: rule \"edge.yaml:12 web\" of chain \"input\": \"missing\" does not exist");
  EXPECT_EQ(
      apply({AddRule{"input", rule_at({Counter{}, accept()}, 13)},
             AddRule{"input", rule_at({in_no_set, accept()}, 14)}}),
      "edge.yaml:14:5: rule \"edge.yaml:14 web\" of chain \"input\": \"nowhere\" does not exist");
  EXPECT_EQ(
      apply({AddRule{"output", rule_at({accept()}, 15)}}),
      "edge.yaml:15:5: rule \"edge.yaml:15 web\" of chain \"output\": \"output\" does not exist");
}

TEST_F(KernelErrorsTest, ALoopOfJumpsIsNamedAtTheRuleThatClosesIt) {
  const Chain base =
      make_base_chain("base", {Hook::Type::filter, Hook::Point::input, 0, Hook::Policy::accept});
  EXPECT_EQ(
      apply({PutChain{base}, AddRule{"base", rule_at({jump("input")}, 19)},
             AddRule{"used", rule_at({jump("input")}, 20)}}),
      "edge.yaml:20:5: rule \"edge.yaml:20 web\" of chain \"used\": jumps lead in a circle, or "
      "are more than 16 deep");
}

TEST_F(KernelErrorsTest, AnElementIsNamedByItsKey) {
  EXPECT_EQ(apply({AddElements{"hosts",
                               {element(address("192.0.2.4")), element(address("192.0.2.5")),
                                element(address("192.0.2.6"))}}}),
            "element 192.0.2.5 of set \"hosts\": is there already, or overlaps another");
  EXPECT_EQ(apply({AddElements{"nets",
                               {element(address("10.0.0.0"), address("10.0.0.255")),
                                element(address("10.0.0.128"), address("10.0.1.255"))}}}),
            "element 10.0.0.128 of set \"nets\": is there already, or overlaps another");
  EXPECT_EQ(apply({RemoveElements{"hosts", {element(address("192.0.2.9"))}}}),
            "element 192.0.2.9 of set \"hosts\": does not exist");
  EXPECT_EQ(apply({AddElements{"map", {entry({17}, accept()), entry({6}, jump("missing"))}}}),
            "element 6 of set \"map\": \"missing\" does not exist");
}

TEST_F(KernelErrorsTest, ABoxThatOverlapsAnotherIsNamed) {
  const auto box = [](const char* first, const char* last, unsigned low, unsigned high) {
    return element(joined({address(first), port(low)}), joined({address(last), port(high)}));
  };
  const std::string error = apply({AddElements{
      "boxes", {box("10.0.0.0", "10.0.0.255", 20, 30), box("10.0.0.128", "10.0.1.255", 25, 40)}}});
  EXPECT_EQ(error,
            "element 10.0.0.128 . 25 of set \"boxes\": is there already, or overlaps another");
}

TEST_F(KernelErrorsTest, ABlockNamesItsElementToo) {
  auto block = std::make_shared<KeyBlock>();
  block->keys = joined({address("192.0.2.4"), address("192.0.2.5")});
  EXPECT_EQ(apply({AddBlock{"hosts", block}}),
            "element 192.0.2.5 of set \"hosts\": is there already, or overlaps another");
}

TEST_F(KernelErrorsTest, WhatIsUsedOrFullOrMissingIsSaid) {
  EXPECT_EQ(apply({RemoveChain{"used"}}), "chain \"used\": is still in use");
  EXPECT_EQ(
      apply({AddElements{"small", {element(address("10.0.0.1")), element(address("10.0.0.2"))}}}),
      "element 10.0.0.2 of set \"small\": the set is full");
  EXPECT_EQ(apply({RemoveSet{"none"}}), "set \"none\": \"none\" does not exist");
  EXPECT_EQ(apply({AddElements{"none", {element(address("10.0.0.2"))}}}),
            "set \"none\" does not exist");
}

TEST_F(KernelErrorsTest, OfSeveralErrorsTheFirstIsToldAndTheRestCounted) {
  EXPECT_EQ(
      apply({AddRule{"input", rule_at({jump("one")}, 1)},
             AddRule{"input", rule_at({jump("two")}, 2)}}),
      "edge.yaml:1:5: rule \"edge.yaml:1 web\" of chain \"input\": \"one\" does not exist; 1 more");
}

TEST_F(KernelErrorsTest, ManyErrorsDoNotDrownTheFirst) {
  Transaction steps;
  steps.reserve(20000);
  for (int i = 1; i <= 20000; ++i)
    steps.emplace_back(AddRule{"input", rule_at({jump("missing")}, i)});
  EXPECT_THAT(apply(steps), ::testing::StartsWith("edge.yaml:1:5: rule \"edge.yaml:1 web\""));
}

TEST_F(KernelErrorsTest, AnErrorLeavesEverythingAsItWas) {
  const std::string before = nft("list table inet ravelin");
  const Generation generation_before = generation();
  EXPECT_NE(apply({FlushChain{"input"}, RemoveChain{"used"}, PutChain{make_chain("extra")},
                   AddRule{"input", rule_at({jump("missing")}, 2)}}),
            "");
  EXPECT_EQ(nft("list table inet ravelin"), before);
  EXPECT_EQ(generation(), generation_before);
}

TEST_F(KernelErrorsTest, WithoutAnAckErrorsAreToldAllTheSame) {
  kernel_.reset();  // the table is an orphan now
  kernel_ = open_kernel({true, {Feature::batch_ack}});
  EXPECT_EQ(apply({PutTable{}, PutChain{make_chain("fresh")}}), "");
  EXPECT_EQ(apply({RemoveChain{"used"}}), "chain \"used\": is still in use");
}

TEST_F(KernelErrorsTest, WhatNoKernelTakesIsRefusedBeforeItIsSent) {
  const std::string long_name(32, 'x');
  EXPECT_EQ(apply({PutChain{make_chain(long_name)}}),
            "\"" + long_name + "\" is not a name of 1 to 31 characters");
  EXPECT_EQ(apply({AddElements{"nets", {element(address("10.0.0.9"), address("10.0.0.1"))}}}),
            "set \"nets\": 10.0.0.9 - 10.0.0.1 ends before it begins");
  EXPECT_EQ(apply({AddElements{"hosts", {element(address("::1"))}}}),
            "set \"hosts\": a key has 4 bytes, this one has 16");
  Set marks = make_set("marks", {Field::mark});
  marks.is_interval = true;
  EXPECT_EQ(apply({PutSet{marks}}), "set \"marks\": meta mark has no intervals");
  EXPECT_EQ(
      apply({AddRule{"input", rule_at({Match{Field::tcp_dport, Comparison::equal, {1}}}, 3)}}),
      "edge.yaml:3:5: chain \"input\": tcp dport has 2 bytes, the value has 1");
}

}  // namespace
}  // namespace ravelin::firewall
