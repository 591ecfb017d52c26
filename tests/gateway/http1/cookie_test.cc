#include "gateway/http1/cookie.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace ravelin::gateway::http1 {
namespace {

struct CookieRow {
  const char* name;
  std::vector<std::string_view> fields;  // values of Cookie fields
  const char* found;                     // the value of "id"; null = none
  std::string without;                   // the lines without "id"
};

const CookieRow kRows[] = {
    {"NoField", {}, nullptr, ""},
    {"Alone", {"id=7"}, "7", ""},
    {"First", {"id=7; b=2"}, "7", "Cookie: b=2\r\n"},
    {"Middle", {"a=1; id=7; b=2"}, "7", "Cookie: a=1; b=2\r\n"},
    {"Last", {"a=1; id=7"}, "7", "Cookie: a=1\r\n"},
    {"NotThere", {"a=1;b=2 ;;c"}, nullptr, "Cookie: a=1;b=2 ;;c\r\n"},
    {"WithoutBlanks", {"a=1;id=7;b=2"}, "7", "Cookie: a=1; b=2\r\n"},
    {"TheFirstCounts", {"id=7; id=8; b=2"}, "7", "Cookie: b=2\r\n"},
    {"SecondField", {"a=1", "id=7; b=2"}, "7", "Cookie: a=1\r\nCookie: b=2\r\n"},
    {"NamesAreCaseSensitive", {"ID=7"}, nullptr, "Cookie: ID=7\r\n"},
    {"NameIsNotAPrefix", {"id2=7; xid=8"}, nullptr, "Cookie: id2=7; xid=8\r\n"},
    {"ValueHoldsEquals", {"id=a=b=="}, "a=b==", ""},
    {"EmptyValue", {"id=; b=2"}, "", "Cookie: b=2\r\n"},
    {"QuotesAreKept", {"id=\"7\"; b=\"2\""}, "\"7\"", "Cookie: b=\"2\"\r\n"},
    {"WithoutName", {"id; id=7; x"}, "7", "Cookie: id; x\r\n"},
    {"Empty", {""}, nullptr, "Cookie: \r\n"},
};

TEST(Cookie, IsFoundAndLeftOut) {
  for (const CookieRow& row : kRows) {
    FieldList fields;
    std::array<char, 256> room;
    ByteWriter out(room);
    for (const std::string_view value : row.fields) {
      const Field field{FieldId::cookie, "Cookie", value};
      ASSERT_TRUE(fields.push_back(field));
      write_without_cookie(out, field, "id");
    }
    const auto found = find_cookie(fields, "id");
    EXPECT_EQ(found.has_value(), row.found != nullptr) << row.name;
    if (found && row.found != nullptr) EXPECT_EQ(*found, row.found) << row.name;
    EXPECT_EQ(out.view(), row.without) << row.name;
  }
}

TEST(Cookie, ThatDoesNotFitOverflows) {
  std::array<char, 12> room;
  ByteWriter out(room);
  write_without_cookie(out, {FieldId::cookie, "Cookie", "a=1; id=7; b=2"}, "id");
  EXPECT_TRUE(out.overflowed());
}

}  // namespace
}  // namespace ravelin::gateway::http1
