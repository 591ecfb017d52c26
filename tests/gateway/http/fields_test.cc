#include "gateway/http/fields.h"

#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <string>

namespace ravelin::gateway {
namespace {

TEST(Fields, FindsEveryNameInEveryCase) {
  for (std::size_t i = 1; i < kFieldIdCount; ++i) {
    const auto id = static_cast<FieldId>(i);
    std::string name(to_string(id));
    ASSERT_FALSE(name.empty()) << i;
    EXPECT_EQ(find_field(name), id) << name;
    for (std::size_t at = 0; at < name.size(); ++at) {
      std::string mixed = name;
      mixed[at] = static_cast<char>(std::toupper(static_cast<unsigned char>(mixed[at])));
      EXPECT_EQ(find_field(mixed), id) << mixed;
    }
  }
}

TEST(Fields, SpellsNoNameTwice) {
  std::set<std::string_view> names;
  for (std::size_t i = 1; i < kFieldIdCount; ++i) {
    names.insert(to_string(static_cast<FieldId>(i)));
  }
  EXPECT_EQ(names.size(), kFieldIdCount - 1);
}

TEST(Fields, TakesNoOtherTextForAKnownName) {
  for (std::size_t i = 1; i < kFieldIdCount; ++i) {
    const auto id = static_cast<FieldId>(i);
    const std::string name(to_string(id));
    for (std::size_t at = 0; at < name.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string other = name;
        other[at] = static_cast<char>(byte);
        const bool same_letter =
            std::tolower(byte) == static_cast<unsigned char>(name[at]) && byte < 128;
        if (same_letter) continue;
        EXPECT_NE(find_field(other), id) << name << " at " << at << " byte " << byte;
      }
      std::string shorter = name;
      shorter.erase(at, 1);
      EXPECT_NE(find_field(shorter), id) << shorter;
      EXPECT_NE(find_field(name + name.substr(at, 1)), id) << name;
    }
  }
  EXPECT_EQ(find_field(""), FieldId::unknown);
  EXPECT_EQ(find_field("x"), FieldId::unknown);
  EXPECT_EQ(find_field(std::string(70'000, 'a')), FieldId::unknown);
}

TEST(Fields, KnowsMethodsByExactSpelling) {
  struct Row {
    std::string_view token;
    Method method;
    bool safe;
    bool idempotent;
  };

  const Row rows[] = {
      {"GET", Method::get, true, true},           {"HEAD", Method::head, true, true},
      {"POST", Method::post, false, false},       {"PUT", Method::put, false, true},
      {"DELETE", Method::delete_, false, true},   {"OPTIONS", Method::options, true, true},
      {"PATCH", Method::patch, false, false},     {"TRACE", Method::trace, true, true},
      {"CONNECT", Method::connect, false, false}, {"get", Method::other, false, false},
      {"PROPFIND", Method::other, false, false},  {"GETX", Method::other, false, false},
      {"", Method::other, false, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(find_method(row.token), row.method) << row.token;
    EXPECT_EQ(is_safe(row.method), row.safe) << row.token;
    EXPECT_EQ(is_idempotent(row.method), row.idempotent) << row.token;
    if (row.method != Method::other) EXPECT_EQ(to_string(row.method), row.token);
  }
  EXPECT_EQ(to_string(Method::other), "");
}

TEST(Fields, ForwardsNoHopByHopField) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kFieldIdCount; ++i) {
    if (is_hop_by_hop(static_cast<FieldId>(i))) names.insert(to_string(static_cast<FieldId>(i)));
  }
  EXPECT_EQ(names, (std::set<std::string_view>{"connection", "keep-alive", "proxy-connection", "te",
                                               "transfer-encoding", "upgrade", "http2-settings"}));
}

TEST(FieldList, KeepsOrderAndFindsTheFirst) {
  FieldList list;
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.find(FieldId::via), nullptr);
  EXPECT_TRUE(list.push_back({FieldId::via, "Via", "one"}));
  EXPECT_TRUE(list.push_back({FieldId::unknown, "X", "y"}));
  EXPECT_TRUE(list.push_back({FieldId::via, "via", "two"}));
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[1].name, "X");
  EXPECT_EQ(list.find(FieldId::via)->value, "one");
  EXPECT_TRUE(list.has(FieldId::via));
  EXPECT_FALSE(list.has(FieldId::server_timing));
  list.clear();
  EXPECT_FALSE(list.has(FieldId::via));
  EXPECT_EQ(list.begin(), list.end());
}

TEST(FieldList, RefusesMoreThanItsCapacity) {
  FieldList list;
  for (std::size_t i = 0; i < kFieldCountCeiling; ++i) {
    ASSERT_TRUE(list.push_back({FieldId::unknown, "X", "y"}));
  }
  EXPECT_FALSE(list.push_back({FieldId::date, "Date", "now"}));
  EXPECT_EQ(list.size(), kFieldCountCeiling);
  EXPECT_FALSE(list.has(FieldId::date));
}

}  // namespace
}  // namespace ravelin::gateway
