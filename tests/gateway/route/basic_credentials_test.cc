#include "gateway/route/basic_credentials.h"

#include <gtest/gtest.h>

#include <vector>

namespace ravelin::gateway {
namespace {

using CredentialKind = BasicCredentials::Kind;

struct CredentialCase {
  const char* name;
  std::vector<std::string> lines;
  CredentialKind kind;
  const char* user = "";
  const char* password = "";
};

const CredentialCase kCredentialCases[] = {
    {"Rfc7617",
     {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
     CredentialKind::given,
     "Aladdin",
     "open sesame"},
    {"SchemeInAnyCase",
     {"bAsIc QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
     CredentialKind::given,
     "Aladdin",
     "open sesame"},
    {"WithoutPadding",
     {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ"},
     CredentialKind::given,
     "Aladdin",
     "open sesame"},
    {"MoreSpaces", {"Basic   YTpi"}, CredentialKind::given, "a", "b"},
    {"ColonInPassword", {"Basic YTpiOmM="}, CredentialKind::given, "a", "b:c"},
    {"EmptyPassword", {"Basic YTo="}, CredentialKind::given, "a", ""},
    {"EmptyUser", {"Basic OmI="}, CredentialKind::given, "", "b"},
    {"Utf8", {"Basic dGVzdDoxMjPCow=="}, CredentialKind::given, "test", "123\xc2\xa3"},
    {"None", {}, CredentialKind::none},
    {"OtherScheme", {"Bearer abc"}, CredentialKind::none},
    {"SchemeAlone", {"Basic"}, CredentialKind::none},
    {"Nothing", {"Basic "}, CredentialKind::malformed},
    {"NoColon", {"Basic YWI="}, CredentialKind::malformed},
    {"NoBase64", {"Basic Y:pi"}, CredentialKind::malformed},
    {"UrlAlphabet", {"Basic YTp-_w=="}, CredentialKind::malformed},
    {"OddLength", {"Basic YTpiY"}, CredentialKind::malformed},
    {"PaddingInside", {"Basic YT=piY"}, CredentialKind::malformed},
    {"Control", {"Basic YTpiAA=="}, CredentialKind::malformed},
    {"Two", {"Basic YTpi", "Basic YTpi"}, CredentialKind::malformed},
    {"TooLong", {"Basic " + std::string(800, 'Y')}, CredentialKind::malformed},
};

TEST(BasicCredentials, AreReadInOneWayOrNotAtAll) {
  for (const CredentialCase& row : kCredentialCases) {
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
