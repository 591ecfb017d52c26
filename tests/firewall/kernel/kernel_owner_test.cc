// Whose table it is: who may change it, and what becomes of it when its owner goes.
#include "firewall/kernel/nf_tables_constants.h"
#include "tests/firewall/kernel/kernel_fixture.h"

#include <gmock/gmock.h>

namespace ravelin::firewall {
namespace {

using base::Errc;
using ::testing::HasSubstr;

const Transaction kTable{PutTable{"mine"}, PutChain{make_chain("first")}};

TEST_F(KernelTest, AnotherProcessMayNotChangeAnOwnedTable) {
  ASSERT_EQ(apply(kTable), "");
  const auto other = open_kernel();
  const auto refused = other->apply({PutChain{make_chain("second")}}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::denied);
  EXPECT_EQ(refused.error().message,
            "table inet ravelin is owned by another process (netlink port " +
                std::to_string(kernel_->port()) + ")");
  EXPECT_FALSE(other->apply({PutTable{}}, {}));
  EXPECT_THAT(nft("add chain inet ravelin third"), HasSubstr("Operation not permitted"));
}

TEST_F(KernelTest, FlushingTheRulesetLeavesAnOwnedTable) {
  ASSERT_EQ(apply(kTable), "");
  EXPECT_EQ(nft("flush ruleset"), "");
  EXPECT_THAT(nft("list table inet ravelin"), HasSubstr("chain first"));
}

TEST_F(KernelTest, TheTableOutlivesItsOwnerAndIsAdopted) {
  ASSERT_EQ(apply(kTable), "");
  kernel_ = open_kernel();  // the old one is closed behind it
  auto orphan = kernel_->read();
  ASSERT_TRUE(orphan && *orphan);
  EXPECT_EQ((*orphan)->flags, kTablePersist);
  EXPECT_EQ((*orphan)->owner_port, 0u);
  EXPECT_EQ((*orphan)->comment, "mine");
  ASSERT_EQ(apply({PutTable{"mine"}}), "");
  const auto adopted = kernel_->read();
  ASSERT_TRUE(adopted && *adopted);
  EXPECT_EQ((*adopted)->flags, kTableOwner | kTablePersist);
  EXPECT_EQ((*adopted)->owner_port, kernel_->port());
  EXPECT_EQ(nft("flush ruleset"), "");
  EXPECT_THAT(nft("list table inet ravelin"), HasSubstr("chain first"));
}

TEST_F(KernelTest, WithoutPersistTheTableIsPlain) {
  kernel_ = open_kernel({true, {Feature::owned_table}});
  ASSERT_EQ(apply(kTable), "");
  const auto read = kernel_->read();
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->flags, 0u);
  EXPECT_EQ(nft("add chain inet ravelin foreign"), "") << "anyone may change it";
  kernel_.reset();
  EXPECT_THAT(nft("list table inet ravelin"), HasSubstr("chain first")) << "and it stays";
}

TEST_F(KernelTest, APlainTableStaysPlainUntilItIsMadeAnew) {
  kernel_ = open_kernel({false, {}});
  ASSERT_EQ(apply(kTable), "");
  kernel_ = open_kernel();
  ASSERT_EQ(apply({PutTable{}, PutChain{make_chain("second")}}), "");
  EXPECT_EQ((*kernel_->read())->flags, 0u);
  ASSERT_EQ(apply({RemoveTable{}, PutTable{"anew"}, PutChain{make_chain("third")}}), "");
  EXPECT_EQ((*kernel_->read())->flags, kTableOwner | kTablePersist);
  EXPECT_EQ((*kernel_->read())->comment, "anew");
}

TEST_F(KernelTest, OtherTablesAreLeftAlone) {
  ASSERT_EQ(nft("-f -",
                "table inet other { chain x { counter accept; }; }\n"
                "table ip ravelin { chain y { accept; }; }\n"),
            "");
  const std::string before = nft("list ruleset");
  ASSERT_EQ(apply(kTable), "");
  EXPECT_THAT((*kernel_->read())->chains, ::testing::ElementsAre("first"));
  ASSERT_EQ(apply({RemoveTable{}}), "");
  EXPECT_EQ(nft("list ruleset"), before);
}

}  // namespace
}  // namespace ravelin::firewall
