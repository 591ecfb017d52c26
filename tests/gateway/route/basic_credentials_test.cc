#include "gateway/route/basic_credentials.h"

#include <gtest/gtest.h>

#include <vector>

namespace ravelin::gateway {
namespace {

using Kind = BasicCredentials::Kind;

struct Case {
  const char* name;
  std::vector<std::string> lines;
  Kind kind;
  const char* user = "";
  const char* password = "";
};

const Case kCases[] = {
    {"Rfc7617", {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, Kind::given, "Aladdin", "open sesame"},
    {"SchemeInAnyCase",
     {"bAsIc QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
     Kind::given,
     "Aladdin",
     "open sesame"},
    {"WithoutPadding", {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ"}, Kind::given, "Aladdin", "open sesame"},
    {"MoreSpaces", {"Basic   YTpi"}, Kind::given, "a", "b"},
    {"ColonInPassword", {"Basic YTpiOmM="}, Kind::given, "a", "b:c"},
    {"EmptyPassword", {"Basic YTo="}, Kind::given, "a", ""},
    {"EmptyUser", {"Basic OmI="}, Kind::given, "", "b"},
    {"Utf8", {"Basic dGVzdDoxMjPCow=="}, Kind::given, "test", "123\xc2\xa3"},
    {"None", {}, Kind::none},
    {"OtherScheme", {"Bearer abc"}, Kind::none},
    {"SchemeAlone", {"Basic"}, Kind::none},
    {"Nothing", {"Basic "}, Kind::malformed},
    {"NoColon", {"Basic YWI="}, Kind::malformed},
    {"NoBase64", {"Basic Y:pi"}, Kind::malformed},
    {"UrlAlphabet", {"Basic YTp-_w=="}, Kind::malformed},
    {"OddLength", {"Basic YTpiY"}, Kind::malformed},
    {"PaddingInside", {"Basic YT=piY"}, Kind::malformed},
    {"Control", {"Basic YTpiAA=="}, Kind::malformed},
    {"Two", {"Basic YTpi", "Basic YTpi"}, Kind::malformed},
    {"TooLong", {"Basic " + std::string(800, 'Y')}, Kind::malformed},
};

TEST(BasicCredentials, AreReadInOneWayOrNotAtAll) {
  for (const Case& row : kCases) {
    FieldList fields;
    for (const std::string& line : row.lines)
      fields.push_back({FieldId::authorization, "Authorization", line});
    const BasicCredentials given = read_basic_credentials(fields);
    EXPECT_EQ(given.kind, row.kind) << row.name;
    EXPECT_EQ(given.user, row.user) << row.name;
    EXPECT_EQ(given.password, row.password) << row.name;
  }
}

TEST(ConstantTime, EqualsAsEqualsDoes) {
  EXPECT_TRUE(equals_in_constant_time("", ""));
  EXPECT_TRUE(equals_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equals_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equals_in_constant_time("abc", "ab"));
  EXPECT_FALSE(equals_in_constant_time("bbc", "abc"));
}

}  // namespace
}  // namespace ravelin::gateway
