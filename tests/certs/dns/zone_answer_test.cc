#include "certs/dns/zone_answer.h"

#include <gtest/gtest.h>

namespace ravelin::certs::dns {
namespace {

Record soa(const std::string& owner) {
  return {.name = owner, .type = Type::soa};
}

Record cname(const std::string& owner, const std::string& target) {
  return {.name = owner, .type = Type::cname, .target = target};
}

TEST(ZoneAnswer, IsTheOneOfAnAuthorityThatTheNameIsIn) {
  const Message own{.is_authoritative = true, .authorities = {soa("example.test")}};
  EXPECT_EQ(zone_in(own, "_acme-challenge.www.example.test"), "example.test");
  EXPECT_EQ(zone_in(own, "example.test"), "example.test");
  EXPECT_EQ(zone_in(own, "www.bad-example.test"), std::nullopt);
  Message other = own;
  other.is_authoritative = false;
  EXPECT_EQ(zone_in(other, "www.example.test"), std::nullopt);
  other = own;
  other.code = Code::no_such_name;
  EXPECT_EQ(zone_in(other, "www.example.test"), "example.test");
  other.code = Code::refused;
  EXPECT_EQ(zone_in(other, "www.example.test"), std::nullopt);
}

TEST(ZoneAnswer, AliasesAreThoseOfTheName) {
  const Message answer{.answers = {cname("b.test", "c.test"), cname("a.test", "b.test")}};
  EXPECT_EQ(alias_in(answer, "a.test"), "b.test");
  EXPECT_EQ(alias_in(answer, "x.test"), "");
}

Record caa(char flags, const std::string& tag, const std::string& value) {
  return {.type = Type::caa,
          .data = std::string(1, flags) + static_cast<char>(tag.size()) + tag + value};
}

struct CaaCase {
  const char* title;
  std::vector<Record> records;
  bool is_wildcard;
  const char* refusal;
};

TEST(ZoneAnswer, CaaSaysWhoMayIssue) {
  const CaaCase rows[] = {
      {"None", {}, false, ""},
      {"Allowed", {caa(0, "issue", "other.test"), caa(0, "ISSUE", " CA.test ; a=b")}, false, ""},
      {"OthersAlone", {caa(0, "issue", "other.test")}, false, "other.test alone"},
      {"Nobody", {caa(0, "issue", ";")}, true, "no CA at all"},
      {"WildcardsAreTheIssuesToo", {caa(0, "issue", "ca.test")}, true, ""},
      {"WildcardsOfTheirOwn",
       {caa(0, "issue", "ca.test"), caa(0, "issuewild", "other.test")},
       true,
       "other.test alone"},
      {"WhichIsNotForOthers",
       {caa(0, "issue", "ca.test"), caa(0, "issuewild", "other.test")},
       false,
       ""},
      {"OnlyWildcardsAreLimited", {caa(0, "issuewild", ";")}, false, ""},
      {"Reports", {caa(0, "iodef", "mailto:a@b.test")}, false, ""},
      {"UnknownAndCritical",
       {caa('\x80', "tbs", "x")},
       false,
       "a critical property no CA knows (\"tbs\")"},
      {"Unknown", {caa(0, "tbs", "x")}, false, ""},
      {"Damaged",
       {{.type = Type::caa, .data = "\x01"}},
       false,
       "a critical property no CA knows (\"\")"},
  };
  for (const CaaCase& row : rows)
    EXPECT_EQ(caa_refusal(caa_in({.answers = row.records}), {"ca.test"}, row.is_wildcard),
              row.refusal)
        << row.title;
}

}  // namespace
}  // namespace ravelin::certs::dns
