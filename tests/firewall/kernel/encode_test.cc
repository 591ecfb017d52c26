#include "firewall/kernel/encode.h"

#include "firewall/kernel/encode_fields.h"
#include "firewall/kernel/encode_statements.h"
#include "firewall/kernel/netlink_kernel.h"
#include "firewall/kernel/nf_tables_constants.h"
#include "tests/firewall/kernel/message_bytes.h"

#include <gtest/gtest.h>
#include <linux/netfilter/nf_tables.h>

namespace ravelin::firewall {
namespace {

TEST(Encode, RegistersAtSixteenBytesHaveNamesOfTheirOwn) {
  const std::uint32_t registers[] = {1, 9, 10, 11, 2, 13, 14, 15, 3};
  for (std::size_t word = 0; word < std::size(registers); ++word)
    EXPECT_EQ(data_register(word), registers[word]) << word;
}

TEST(Encode, PrefixesAreMasks) {
  EXPECT_EQ(hexadecimal(prefix_mask(0, 4)), "00000000");
  EXPECT_EQ(hexadecimal(prefix_mask(9, 4)), "ff800000");
  EXPECT_EQ(hexadecimal(prefix_mask(32, 4)), "ffffffff");
  EXPECT_EQ(hexadecimal(prefix_mask(64, 16)), "ffffffffffffffff0000000000000000");
}

TEST(Encode, ABatchBeginsWithTheGenerationItIsMadeFor) {
  Batch batch(5, Generation{0x01020304});
  batch.end(Batch::Ack::wanted);
  EXPECT_EQ(hexadecimal(batch.bytes()),
            hexadecimal(from_hexadecimal("1c000000 1000 0100 05000000 00000000 0000 000a"
                                         "0800 0100 01020304"
                                         "14000000 1100 0500 06000000 00000000 0000 000a")));
  Batch plain(5, {});
  plain.end(Batch::Ack::none);
  EXPECT_EQ(hexadecimal(plain.bytes()),
            hexadecimal(from_hexadecimal("14000000 1000 0100 05000000 00000000 0000 000a"
                                         "14000000 1100 0100 06000000 00000000 0000 000a")));
}

TEST(Encode, EachMessageKnowsItsStep) {
  Chain chain;
  chain.name = "c";
  SetShapes shapes;
  Batch batch(100, {});
  ASSERT_TRUE(
      encode_transaction({PutTable{}, PutChain{chain}, FlushChain{"c"}}, {}, shapes, batch));
  for (std::uint32_t step = 0; step < 3; ++step) {
    const BatchMessage* message = batch.find(101 + step);
    ASSERT_NE(message, nullptr);
    EXPECT_EQ(message->step, step);
  }
  EXPECT_EQ(batch.find(100), nullptr);
  EXPECT_EQ(batch.find(104), nullptr);
  EXPECT_EQ(batch.find(99), nullptr);
}

TEST(Encode, SetsAreAnnouncedWithRoomForHalfMore) {
  Set set;
  EXPECT_EQ(announced_size(set, 0), 16u);
  EXPECT_EQ(announced_size(set, 11), 16u);
  EXPECT_EQ(announced_size(set, 1000), 1500u);
  set.size = 7;
  EXPECT_EQ(announced_size(set, 1000), 7u);
  set.size = 0;
  set.is_interval = true;
  EXPECT_EQ(announced_size(set, 1000), 0u) << "a tree needs none";
}

TEST(Encode, ATableIsTakenOnlyWhereTheKernelLetsIt) {
  constexpr std::uint32_t kBoth = kTableOwner | kTablePersist;

  struct {
    const char* name;
    bool may_own;
    std::optional<std::uint32_t> live;  // flags
    std::optional<std::uint32_t> first;
    std::uint32_t anew;
  } const rows[] = {
      {"new", true, {}, kBoth, kBoth},
      {"an orphan", true, kTablePersist, kBoth, kBoth},
      {"owned", true, kBoth, kBoth, kBoth},
      {"plain", true, 0, std::nullopt, kBoth},
      {"new, without PERSIST", false, {}, 0, 0},
      {"plain, without PERSIST", false, 0, std::nullopt, 0},
  };

  for (const auto& row : rows) {
    std::optional<LiveTable> live;
    if (row.live) live.emplace().flags = *row.live;
    const TableFlags flags = table_flags(row.may_own, live);
    EXPECT_EQ(flags.first, row.first) << row.name;
    EXPECT_EQ(flags.anew, row.anew) << row.name;
  }
}

TEST(NetlinkKernel, AnAcknowledgedBatchIsDoneWhateverElseWasLost) {
  const struct {
    const char* name;
    bool is_acknowledged, is_incomplete, is_ack_wanted, is_done;
  } rows[] = {
      {"acknowledged", true, false, true, true},
      {"acknowledged, others lost", true, true, true, true},
      {"not acknowledged", false, false, true, false},
      {"lost", false, true, true, false},
      {"lost, where the kernel acknowledges nothing", false, true, false, false},
      {"nothing to acknowledge", false, false, false, true},
  };

  for (const auto& row : rows) {
    const auto done =
        answered({.is_acknowledged = row.is_acknowledged, .is_incomplete = row.is_incomplete},
                 row.is_ack_wanted);
    EXPECT_EQ(done.has_value(), row.is_done) << row.name;
    if (!done) EXPECT_EQ(done.error().code, base::Errc::protocol) << row.name;
  }
}

TEST(Encode, OnlySetsWithoutADescriptionAreAskedFor) {
  Set set;
  set.name = "new";
  EXPECT_EQ(undescribed_sets({AddElements{"old"}, PutSet{set}, AddElements{"new"},
                              RemoveElements{"older"}, AddBlock{"block"}, FlushSet{"flushed"}}),
            (std::vector<std::string>{"old", "older"}));
}

TEST(Encode, KeysAreTextByTheirDatatypes) {
  Set set;
  set.key = {Field::ip_saddr, Field::l4proto, Field::th_dport, Field::iifname};
  EXPECT_EQ(key_text(shape_of(set), from_hexadecimal("0a000001 06000000 00160000 65746830"
                                                     "000000000000000000000000")),
            "10.0.0.1 . 6 . 22 . eth0");
  EXPECT_EQ(key_text(shape_of(set), from_hexadecimal("0a000001 06")), "0x0a00000106");
  EXPECT_EQ(key_text({}, from_hexadecimal("0a000001")), "0x0a000001");
  set.key = {Field::ip6_saddr};
  EXPECT_EQ(key_text(shape_of(set), from_hexadecimal("20010db8000000000000000000000001")),
            "2001:db8::1");
  set.key = {Field::ct_state};
  EXPECT_EQ(key_text(shape_of(set), from_hexadecimal("02000000")), "0x02000000");
}

// Debian's nft looks for cgroups where not every system has them, so no text of its own is the
// measure here.
TEST(Encode, ACgroupIsAskedForAtItsLevel) {
  const Rule rule{
      {Match{Field::socket_cgroup, Comparison::equal, Bytes{7, 0, 0, 0, 0, 0, 0, 0}, 0, 2}},
      {},
      {}};
  SetShapes shapes;
  Batch batch(1, {});
  ASSERT_TRUE(encode_transaction({AddRule{"c", rule}}, {}, shapes, batch));
  const std::string message = hexadecimal(messages_of(batch)[0]);
  EXPECT_NE(message.find(hexadecimal(from_hexadecimal("0b00 0100")) + "736f636b657400"),
            std::string::npos)
      << message;
  // key 3 (cgroupv2), level 2
  EXPECT_NE(message.find("0800010000000003"), std::string::npos) << message;
  EXPECT_NE(message.find("0800030000000002"), std::string::npos) << message;
  EXPECT_NE(message.find("0700000000000000"), std::string::npos) << message;
}

TEST(Encode, RefusesWhatDoesNotFit) {
  const auto error_of = [](Statement statement) {
    const auto rule = make_rule("c", Rule{{std::move(statement)}, {}, {}});
    return rule ? std::string{} : rule.error().message;
  };
  EXPECT_EQ(error_of(Lookup{{}, "s", false}),
            "a key of 0 bytes does not fit into the kernel's registers (1 to 64)");
  EXPECT_EQ(error_of(Lookup{Key(5, KeyPart{Field::ip6_saddr, 0}), "s", false}),
            "a key of 80 bytes does not fit into the kernel's registers (1 to 64)");
  EXPECT_EQ(error_of(Lookup{{{Field::ip_saddr, 0}}, "", false}),
            "\"\" is not a name of 1 to 31 characters");
  EXPECT_EQ(error_of(Match{Field::ip_saddr, Comparison::equal, Bytes(4), 33}),
            "a prefix of 33 does not fit ip saddr");
  EXPECT_EQ(error_of(Log{std::string(128, 'x'), {}, 0}),
            "a log prefix of 128 bytes is too long (at most 127)");
  EXPECT_EQ(error_of(Limit{0}), "0 per 1 s is no rate (the unit is 1, 60, 3600 or 86400 s)");
  EXPECT_EQ(error_of(Limit{1, std::chrono::seconds(7)}),
            "1 per 7 s is no rate (the unit is 1, 60, 3600 or 86400 s)");
  EXPECT_EQ(error_of(Sample{0}), "one packet of none is no sample");
  const auto long_rule =
      make_rule("c", Rule{std::vector<Statement>(101, Statement{Counter{}}), {}, {}});
  ASSERT_FALSE(long_rule);
  EXPECT_EQ(long_rule.error().message, "a rule of 101 statements is too long (at most 100)");
}

}  // namespace
}  // namespace ravelin::firewall
