#include "certs/crl/held_crl.h"

#include "tests/certs/crl/crl_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::certs::test {
namespace {

using testing::HasSubstr;

TEST(CrlAnswer, IsReadInDerAndInPem) {
  const ListCa ca("ca");
  const CrlPtr crl = ca.list(26, {"0A", "0B"});
  for (const std::string& bytes : {der_of(crl.get()), to_pem(crl.get())}) {
    const auto lists = parse_crl_answer(bytes, "answer");
    ASSERT_TRUE(lists) << lists.error().message;
    ASSERT_EQ(lists->size(), 1U);
    const CrlFacts facts = describe_crl(lists->front().get());
    EXPECT_EQ(facts.issuer, "CN=ca");
    EXPECT_EQ(facts.number, "1A");
    EXPECT_EQ(facts.revoked, 2U);
    EXPECT_LT(facts.this_update, base::wall_now());
    ASSERT_TRUE(facts.next_update);
    EXPECT_GT(*facts.next_update, base::wall_now());
    EXPECT_EQ(facts.sha256.size(), 64U);
  }
}

struct AnswerCase {
  const char* title;
  std::string bytes;
  const char* error;
};

void PrintTo(const AnswerCase& row, std::ostream* out) {
  *out << row.title;
}

class BadAnswer : public testing::TestWithParam<AnswerCase> {};

TEST_P(BadAnswer, IsRefusedWithTheReason) {
  const auto lists = parse_crl_answer(GetParam().bytes, "http://ca.test/crl");
  ASSERT_FALSE(lists);
  EXPECT_THAT(lists.error().message, HasSubstr(GetParam().error));
}

std::vector<AnswerCase> bad_answers() {
  const ListCa ca("ca");
  const std::string der = der_of(ca.list(1).get());
  std::string many;
  for (std::size_t i = 0; i <= kCrlsPerAnswerMax; ++i)
    many += to_pem(ca.list(i + 1).get());
  return {
      {"Nothing", "", "is no CRL in DER or PEM"},
      {"AWebPage", "<html>not found</html>", "is no CRL in DER or PEM"},
      {"CutOff", der.substr(0, der.size() - 1), "is no CRL in DER or PEM"},
      {"WithMoreBehindIt", der + "x", "bytes after the end"},
      {"ACertificate", ravelin::test::ca().certificate_pem(), "has no CRL"},
      {"BrokenPem", "-----BEGIN X509 CRL-----\nnonsense\n", "broken PEM block"},
      {"TooMany", many, "at most 64"},
      {"TooLarge", std::string(kCrlBytesMax + 1, '0'), "is larger than"},
  };
}

INSTANTIATE_TEST_SUITE_P(Cases, BadAnswer, testing::ValuesIn(bad_answers()),
                         [](const auto& row) { return std::string(row.param.title); });

TEST(CrlSigner, IsTheCaWhoseNameAndKeyItIs) {
  const ListCa ca("ca");
  const ListCa other("other");
  const ListCa twin("ca");  // the same name, another key
  const auto of = [](const ListCa& each) { return authority_of(each.certificate.get()); };
  const CrlPtr crl = ca.list(1);
  const CrlAuthority all[] = {of(other), of(twin), of(ca)};
  const auto found = find_signer(crl.get(), all);
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, &all[2]);

  const auto nobody = find_signer(crl.get(), std::span(all).first(1));
  ASSERT_TRUE(nobody);
  EXPECT_EQ(*nobody, nullptr);

  const auto forged = find_signer(crl.get(), std::span(all).first(2));
  ASSERT_FALSE(forged);
  EXPECT_THAT(forged.error().message, HasSubstr("names \"CN=ca\", but its signature is not"));
}

TEST(CrlSigner, MustBeAllowedToSignLists) {
  const ListCa bare("ca", "");
  const CrlAuthority any[] = {authority_of(bare.certificate.get())};
  EXPECT_TRUE(find_signer(bare.list(1).get(), any));
  const ListCa leaves_only("ca", "keyCertSign");
  const CrlAuthority not_lists[] = {authority_of(leaves_only.certificate.get())};
  const auto refused = find_signer(leaves_only.list(1).get(), not_lists);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("keyUsage does not allow it"));
}

Result<> form_of(const CrlPtr& crl) {
  return check_crl_form(crl.get(), describe_crl(crl.get()));
}

TEST(CrlForm, IsThatOfAWholeList) {
  const ListCa ca("ca");
  EXPECT_TRUE(form_of(ca.list(1)));
  EXPECT_TRUE(form_of(with_extension(ca.list(1), ca, NID_issuing_distribution_point,
                                     "critical,fullname:URI:http://ca.test/1")));

  struct Row {
    CrlPtr crl;
    const char* error;
  } rows[] = {
      {as_delta(ca.list(1), ca), "is a delta"},
      {with_extension(ca.list(1), ca, NID_info_access, "critical,caIssuers;URI:http://ca.test/x"),
       "a critical extension that is not understood"},
      {ca.list(1, {}, hours(1), hours(1)), "not after its thisUpdate"},
  };

  for (const Row& row : rows) {
    const auto formed = form_of(row.crl);
    ASSERT_FALSE(formed) << row.error;
    EXPECT_THAT(formed.error().message, HasSubstr(row.error));
  }
  const CrlPtr endless = ca.list(1);
  CrlFacts facts = describe_crl(endless.get());
  facts.next_update.reset();
  EXPECT_FALSE(check_crl_form(endless.get(), facts));
  facts = describe_crl(endless.get());
  facts.number = std::string(42, 'F');
  EXPECT_FALSE(check_crl_form(endless.get(), facts));
}

TEST(HeldCrls, OneOfEachCaAndScopeCounts) {
  const ListCa ca("ca");
  const ListCa other("other");
  const auto part = [&](std::uint64_t number, const std::string& url) {
    return hold(with_extension(ca.list(number), ca, NID_issuing_distribution_point,
                               "critical,fullname:URI:" + url),
                ca);
  };
  const HeldCrlPtr first = hold(ca.list(1), ca);
  const HeldCrlPtr second = hold(ca.list(2), ca);
  const HeldCrlPtr others = hold(other.list(1), other);
  const HeldCrlPtr one = part(1, "http://ca.test/1");
  const HeldCrlPtr two = part(1, "http://ca.test/2");
  const HeldCrlPtr before[] = {second, first, others};
  const HeldCrlPtr after[] = {one, first, two};
  EXPECT_THAT(newest_of(before, after), testing::UnorderedElementsAre(second, others, one, two));
  EXPECT_THAT(newest_of(after, before), testing::UnorderedElementsAre(second, others, one, two));
  EXPECT_EQ(first->authority, one->authority);
  EXPECT_NE(first->authority, others->authority);
}

TEST(HeldCrls, TellWhetherMoreIsRevoked) {
  const ListCa ca("ca");
  const ListCa other("other");
  const HeldCrlPtr none[] = {hold(ca.list(1), ca)};
  const HeldCrlPtr two[] = {hold(ca.list(2, {"0A", "0B"}), ca)};
  const HeldCrlPtr three[] = {hold(ca.list(3, {"0C", "0B", "0A"}), ca)};
  const HeldCrlPtr of_other[] = {hold(other.list(3, {"0A"}), other)};
  EXPECT_FALSE(revokes_more({}, none));
  EXPECT_TRUE(revokes_more({}, two));
  EXPECT_TRUE(revokes_more(none, two));
  EXPECT_TRUE(revokes_more(two, three));
  EXPECT_FALSE(revokes_more(three, two));
  EXPECT_FALSE(revokes_more(two, two));
  EXPECT_TRUE(revokes_more(two, of_other));
}

TEST(HeldCrls, EndWhenTheFirstDoes) {
  const ListCa ca("ca");
  EXPECT_EQ(first_end({}), std::nullopt);
  const HeldCrlPtr lists[] = {hold(ca.list(1, {}, -hours(1), hours(5)), ca),
                              hold(ca.list(2, {}, -hours(1), hours(2)), ca)};
  EXPECT_EQ(first_end(lists), lists[1]->facts.next_update);
}

}  // namespace
}  // namespace ravelin::certs::test
