#include "base/text.h"

#include <gtest/gtest.h>

namespace ravelin::base {
namespace {

using namespace std::chrono_literals;

struct DurationCase {
  const char* text;
  std::optional<std::chrono::nanoseconds> expected;
};

TEST(Text, ReadsDurationsWithUnitsOnly) {
  const DurationCase cases[] = {
      {"250ms", 250ms},
      {"2s", 2s},
      {"1h", 1h},
      {"0", 0ns},
      {"7d", 168h},
      {"2", {}},
      {"", {}},
      {"-1s", {}},
      {"1 s", {}},
      {"1.5s", {}},
      {"1week", {}},
      {"99999999999d", {}},
      {"18446744073709551616ns", {}},
  };
  for (const auto& row : cases) {
    const auto parsed = parse_duration(row.text);
    ASSERT_EQ(parsed.has_value(), row.expected.has_value()) << row.text;
    if (parsed) EXPECT_EQ(*parsed, *row.expected) << row.text;
  }
}

TEST(Text, PrintsDurationsInTheLargestExactUnit) {
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(120s), "2m");
  EXPECT_EQ(format_duration(1500us), "1500us");
  EXPECT_EQ(format_duration(0ns), "0s");
}

TEST(Text, ReadsByteCounts) {
  EXPECT_EQ(*parse_bytes("64KiB"), 65536U);
  EXPECT_EQ(*parse_bytes("1500"), 1500U);
  EXPECT_EQ(*parse_bytes("2MB"), 2'000'000U);
  EXPECT_FALSE(parse_bytes("64 KiB"));
  EXPECT_FALSE(parse_bytes("KiB"));
  EXPECT_FALSE(parse_bytes("99999999999GiB"));
}

TEST(Text, RefusesNumbersThatOverflow) {
  EXPECT_EQ(*parse_u64("18446744073709551615"), 18446744073709551615ULL);
  EXPECT_FALSE(parse_u64("18446744073709551616"));
  EXPECT_FALSE(parse_u64("+1"));
  EXPECT_FALSE(parse_u64("0x10"));
}

TEST(Text, SuggestsOnlyNearWords) {
  constexpr std::string_view kKnown[] = {"handshake_timeout", "bind", "name"};
  EXPECT_EQ(suggest("hanshake_timeout", kKnown), "handshake_timeout");
  EXPECT_EQ(suggest("bnd", kKnown), "bind");
  EXPECT_EQ(suggest("nmae", kKnown), "name");  // two letters swapped
  EXPECT_EQ(suggest("colour", kKnown), std::nullopt);
}

}  // namespace
}  // namespace ravelin::base
