#include "certs/acme/messages.h"

#include <gtest/gtest.h>

namespace ravelin::certs::acme {
namespace {

TEST(Messages, DirectoryIsRead) {
  const auto directory =
      parse_directory(R"({"newNonce":"https://ca.test/n","newAccount":"https://ca.test/a",
    "newOrder":"https://ca.test/o","revokeCert":"https://ca.test/r","keyChange":"https://ca.test/k",
    "renewalInfo":"https://ca.test/ri","x":7,"meta":{"termsOfService":"https://ca.test/tos",
    "externalAccountRequired":true,"profiles":{"classic":"a","shortlived":"b"}}})");
  ASSERT_TRUE(directory) << directory.error().message;
  EXPECT_EQ(*directory, (Directory{"https://ca.test/n",
                                   "https://ca.test/a",
                                   "https://ca.test/o",
                                   "https://ca.test/r",
                                   "https://ca.test/k",
                                   "https://ca.test/ri",
                                   "https://ca.test/tos",
                                   true,
                                   {"classic", "shortlived"}}));
}

TEST(Messages, OrderIsRead) {
  const auto order = parse_order(R"({"status":"valid","expires":"2026-01-01T00:00:00Z",
    "identifiers":[{"type":"dns","value":"a.test"},{"type":"ip","value":"::1"}],
    "authorizations":["https://ca.test/z/1"],"finalize":"https://ca.test/f","certificate":"https://ca.test/c",
    "error":null})");
  ASSERT_TRUE(order) << order.error().message;
  EXPECT_EQ(*order, (Order{Status::valid,
                           {{"dns", "a.test"}, {"ip", "::1"}},
                           {"https://ca.test/z/1"},
                           "https://ca.test/f",
                           "https://ca.test/c",
                           std::nullopt}));
}

TEST(Messages, AuthorizationIsReadWithChallengesOfAnyType) {
  const auto authorization = parse_authorization(R"({"status":"invalid","wildcard":true,
    "identifier":{"type":"dns","value":"a.test"},"challenges":[
    {"type":"dns-01","url":"https://ca.test/1","status":"invalid","token":"t-1",
     "error":{"type":"urn:ietf:params:acme:error:dns","detail":"no record"}},
    {"type":"dns-persist-01","url":"https://ca.test/2","status":"pending","issuer-domain-names":["ca.test"]}]})");
  ASSERT_TRUE(authorization) << authorization.error().message;
  EXPECT_EQ(*authorization,
            (Authorization{Identifier{"dns", "a.test"},
                           Status::invalid,
                           true,
                           {{"dns-01", "https://ca.test/1", "t-1", Status::invalid,
                             Problem{"dns", "no record"}},
                            {"dns-persist-01", "https://ca.test/2", "", Status::pending, {}}}}));
}

using Parser = std::optional<base::Error> (*)(std::string_view);

template <auto Parse>
std::optional<base::Error> error_of(std::string_view text) {
  const auto result = Parse(text);
  return result ? std::nullopt : std::optional(result.error());
}

struct BadCase {
  const char* name;
  Parser parse;
  std::string_view text;
  std::string_view error;
};

#define ORDER_START R"("identifiers":[],"authorizations":[])"

const BadCase kBadCases[] = {
    {"Empty", error_of<parse_order>, "", "order: is not JSON"},
    {"NoObject", error_of<parse_order>, "[]", "order: is JSON, but no object"},
    {"TooDeep", error_of<parse_order>, R"({"a":[[[[[[[[[[[[]]]]]]]]]]]]})", "order: is not JSON"},
    {"TextBehind", error_of<parse_order>, "{} {}", "order: is not JSON"},
    {"NoStatus", error_of<parse_order>, "{}", R"(order: "status" is missing)"},
    {"StatusNull", error_of<parse_order>, R"({"status":null})", R"(order: "status" is missing)"},
    {"StatusNumber", error_of<parse_order>, R"({"status":1})", R"(order: "status" is not a text)"},
    {"StatusUnknown", error_of<parse_order>, R"({"status":"odd"})",
     R"(order: "status" is a word this version of ACME does not have)"},
    {"IdentifiersText", error_of<parse_order>, R"({"status":"ready","identifiers":"a"})",
     R"(order: "identifiers" is not a list)"},
    {"IdentifierText", error_of<parse_order>, R"({"status":"ready","identifiers":["a"]})",
     R"(order: "identifiers" holds what is not an object)"},
    {"IdentifierWithoutValue", error_of<parse_order>,
     R"({"status":"ready","identifiers":[{"type":"dns"}]})",
     R"(order: "identifiers" is not a type and a value)"},
    {"NoFinalize", error_of<parse_order>, R"({"status":"ready",)" ORDER_START "}",
     R"(order: "finalize" is missing)"},
    {"FinalizeOverHttp", error_of<parse_order>,
     R"({"status":"ready","finalize":"http://ca.test/f",)" ORDER_START "}",
     R"(order: "finalize" is not an https URL)"},
    {"FinalizeWithNewline", error_of<parse_order>,
     R"({"status":"ready","finalize":"https://ca.test/f\r\nX: y",)" ORDER_START "}",
     R"(order: "finalize" is not an https URL)"},
    {"AuthorizationNumber", error_of<parse_order>,
     R"({"status":"ready","identifiers":[],"authorizations":[1],"finalize":"https://ca.test/f"})",
     R"(order: "authorizations" is not a text)"},
    {"ValidWithoutCertificate", error_of<parse_order>,
     R"({"status":"valid","finalize":"https://ca.test/f",)" ORDER_START "}",
     R"(order: "certificate" is missing, though the order is valid)"},
    {"ErrorText", error_of<parse_order>,
     R"({"status":"ready","finalize":"https://ca.test/f","error":"no",)" ORDER_START "}",
     R"(order: "error" is not an object)"},
    {"NoNonceUrl", error_of<parse_directory>, "{}", R"(directory: "newNonce" is missing)"},
    {"MetaText", error_of<parse_directory>,
     R"({"newNonce":"https://a","newAccount":"https://a","newOrder":"https://a","meta":"x"})",
     R"(directory: "meta" is not an object)"},
    {"ExternalAccountText", error_of<parse_directory>,
     R"({"newNonce":"https://a","newAccount":"https://a","newOrder":"https://a",
         "meta":{"externalAccountRequired":"yes"}})",
     R"(directory: meta: "externalAccountRequired" is neither true nor false)"},
    {"TokenClimbs", error_of<parse_challenge>,
     R"({"type":"http-01","url":"https://ca.test/1","status":"pending","token":"../x"})",
     R"(challenge: "token" is not base64url)"},
    {"TokenMissing", error_of<parse_challenge>,
     R"({"type":"http-01","url":"https://ca.test/1","status":"pending"})",
     R"(challenge: "token" is missing)"},
    {"NoIdentifier", error_of<parse_authorization>, R"({"status":"pending","challenges":[]})",
     R"(authorization: "identifier" is missing)"},
    {"AccountStatus", error_of<parse_account>, R"({"status":[]})",
     R"(account: "status" is not a text)"},
};

TEST(Messages, WhatIsWrongIsNamed) {
  for (const BadCase& bad : kBadCases) {
    const auto error = bad.parse(bad.text);
    ASSERT_TRUE(error) << bad.name;
    EXPECT_EQ(error->message.substr(0, bad.error.size()), bad.error) << bad.name;
    EXPECT_EQ(error->code, base::Errc::protocol) << bad.name;
  }
}

TEST(Messages, ListsAndTextsHaveLimits) {
  std::string list = R"({"status":"ready","identifiers":[)";
  for (int i = 0; i < 300; ++i)
    list += std::string(i == 0 ? "" : ",") + R"({"type":"dns","value":"a.test"})";
  list += R"(],"authorizations":[],"finalize":"https://ca.test/f"})";
  EXPECT_EQ(parse_order(list).error().message,
            R"(order: "identifiers" has 300 entries (at most 256))");
  const std::string text =
      R"({"status":"ready","identifiers":[],"authorizations":[],"finalize":"https://)" +
      std::string(3000, 'a') + "\"}";
  EXPECT_EQ(parse_order(text).error().message,
            R"(order: "finalize" has 3008 bytes (at most 2048))");
}

TEST(Messages, IdentifiersAreTheSameByAnyOrderAndCase) {
  EXPECT_EQ(identifier_of("WWW.Example.test"), (Identifier{"dns", "www.example.test"}));
  EXPECT_EQ(identifier_of("2001:DB8::0:1"), (Identifier{"ip", "2001:db8::1"}));
  EXPECT_TRUE(
      are_same({{"dns", "b.test"}, {"dns", "A.test"}}, {{"dns", "a.test"}, {"dns", "b.test"}}));
  EXPECT_TRUE(are_same({{"ip", "2001:db8:0::1"}}, {{"ip", "2001:db8::1"}}));
  EXPECT_FALSE(are_same({{"dns", "a.test"}}, {{"dns", "a.test"}, {"dns", "b.test"}}));
  EXPECT_FALSE(are_same({{"dns", "127.0.0.1"}}, {{"ip", "127.0.0.1"}}));
}

}  // namespace
}  // namespace ravelin::certs::acme
