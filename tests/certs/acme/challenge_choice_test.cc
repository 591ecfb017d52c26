#include "certs/acme/challenge_choice.h"

#include "certs/acme/order_note.h"

#include <gtest/gtest.h>

namespace ravelin::certs::acme {
namespace {

constexpr ChallengeType kAll[] = {ChallengeType::http_01, ChallengeType::tls_alpn_01,
                                  ChallengeType::dns_01};

Authorization offering(std::vector<std::string> types) {
  Authorization authorization{{"dns", "a.test"}, Status::pending, false, {}};
  for (std::string& type : types)
    authorization.challenges.push_back({std::move(type), "https://ca.test/1", "t", {}, {}});
  return authorization;
}

TEST(ChallengeChoice, TakesTheFirstWantedThatIsOfferedAndCanBeAnswered) {
  const Authorization all = offering({"dns-01", "dns-persist-01", "tls-alpn-01", "http-01"});
  const auto any = [](ChallengeType) { return true; };
  EXPECT_EQ(choose_challenge(all, kAll, any)->type, "http-01");
  EXPECT_EQ(choose_challenge(offering({"dns-01"}), kAll, any)->type, "dns-01");
  const auto no_http = [](ChallengeType type) { return type != ChallengeType::http_01; };
  EXPECT_EQ(choose_challenge(all, kAll, no_http)->type, "tls-alpn-01");
  const ChallengeType dns_only[] = {ChallengeType::dns_01};
  EXPECT_EQ(choose_challenge(all, dns_only, any)->type, "dns-01");
}

TEST(ChallengeChoice, NoneSaysWhatThereWouldBe) {
  const auto no_dns = [](ChallengeType type) { return type != ChallengeType::dns_01; };
  Authorization wildcard = offering({"dns-01", "odd-01"});
  wildcard.is_wildcard = true;
  EXPECT_EQ(
      choose_challenge(wildcard, kAll, no_dns).error().message,
      "*.a.test: the CA offers dns-01, odd-01; what can be answered here: http-01, tls-alpn-01");
  const auto none = [](ChallengeType) { return false; };
  EXPECT_EQ(choose_challenge(offering({}), kAll, none).error().message,
            "a.test: the CA offers no challenge; what can be answered here: none");
}

TEST(ChallengeChoice, FailureIsTheChallengesProblem) {
  Authorization failed = offering({"http-01", "dns-01"});
  failed.status = Status::expired;
  EXPECT_EQ(failure_text(failed), "a.test: the CA's authorization is expired");
  EXPECT_FALSE(problem_of(failed));
  failed.challenges[1].error = Problem{"dns", "no record"};
  EXPECT_EQ(failure_text(failed), "a.test: dns-01: no record (dns)");
  EXPECT_EQ(problem_of(failed)->type, "dns");
}

TEST(OrderNote, GoesThereAndBack) {
  const NotedOrder noted{"https://ca.test/dir", "https://ca.test/a/1", "https://ca.test/o/1"};
  EXPECT_EQ(parse_note(format_note(noted)), noted);
  for (const std::string_view text :
       {"", "local", "{}", R"({"directory":"https://ca.test/dir","account":"https://ca.test/a/1"})",
        R"({"directory":"d","account":"a","order":"o"})", "[1]"})
    EXPECT_FALSE(parse_note(text)) << text;
}

}  // namespace
}  // namespace ravelin::certs::acme
