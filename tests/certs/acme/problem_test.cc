#include "certs/acme/problem.h"

#include <gtest/gtest.h>

namespace ravelin::certs::acme {
namespace {

TEST(Problem, IsReadAndToldInTheCasWords) {
  const auto problem =
      parse_problem(R"({"type":"urn:ietf:params:acme:error:malformed","detail":"two names",
    "status":403,"instance":"https://ca.test/help","subproblems":[
    {"type":"urn:ietf:params:acme:error:caa","detail":"forbidden","identifier":{"type":"dns","value":"a.test"}},
    {"type":"https://ca.test/odd","detail":"odd"}]})");
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->type, "malformed");
  EXPECT_EQ(text_of(*problem),
            "two names (malformed); a.test: forbidden (caa); odd (https://ca.test/odd); see "
            "https://ca.test/help");
}

TEST(Problem, WithoutAnythingSaysSo) {
  EXPECT_EQ(text_of(*parse_problem("{}")), "no reason given");
  EXPECT_EQ(text_of(*parse_problem(R"({"type":"about:blank"})")), "about:blank");
}

TEST(Problem, TextIsOneShortLine) {
  const std::string text = text_of(Problem{"x", "a\r\nb\x1b[2J" + std::string(4000, 'y'), {}, {}});
  EXPECT_TRUE(text.starts_with("a  b [2J"));
  EXPECT_LE(text.size(), 2'051U);
  // Cut between characters, never in one.
  std::string wide;
  for (int i = 0; i < 1500; ++i)
    wide += "é";
  for (const char* lead : {"", "a"}) {
    const std::string cut = text_of(Problem{"", lead + wide, {}, {}});
    EXPECT_TRUE(cut.ends_with("é…")) << cut.substr(cut.size() - 6);
  }
  Problem many{"compound", "many", {}, {}};
  many.subproblems.assign(25, {"caa", "no", "a.test"});
  EXPECT_TRUE(text_of(many).ends_with("; and 5 more"));
}

TEST(Problem, WrongTypesAreErrors) {
  for (const std::string_view text :
       {"", "7", R"({"type":7})", R"({"detail":{}})", R"({"subproblems":{}})",
        R"({"subproblems":["x"]})", R"({"subproblems":[{"identifier":"a.test"}]})",
        R"({"subproblems":[{"identifier":{"value":1}}]})"})
    EXPECT_FALSE(parse_problem(text)) << text;
}

struct FinalCase {
  const char* name;
  Problem problem;
  bool is_final;
};

TEST(Problem, IsFinalWhenNoLaterTryCanHelp) {
  const FinalCase cases[] = {
      {"Rejected", {"rejectedIdentifier", ""}, true},
      {"Caa", {"caa", ""}, true},
      {"RateLimited", {"rateLimited", ""}, false},
      {"Unauthorized", {"unauthorized", ""}, false},
      {"AllNamesRejected",
       {"malformed", "", {}, {{"caa", "", ""}, {"rejectedIdentifier", "", ""}}},
       true},
      {"OneNameRejected", {"malformed", "", {}, {{"caa", "", ""}, {"dns", "", ""}}}, false},
  };
  for (const FinalCase& one : cases)
    EXPECT_EQ(is_final(one.problem), one.is_final) << one.name;
}

}  // namespace
}  // namespace ravelin::certs::acme
