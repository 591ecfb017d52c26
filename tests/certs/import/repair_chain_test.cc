#include "certs/import/repair_chain.h"

#include "tests/certs/import/chain_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using test::chain_lab;
using test::ChainMember;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Given = std::vector<const ChainMember*>;
using Subjects = std::vector<std::string>;

Result<RepairedChain> repair(const Given& given, const ChainMember& owner = chain_lab().leaf) {
  return repair_chain(test::certificates(given), owner.key.get());
}

Subjects subjects(const RepairedChain& chain) {
  Subjects all;
  for (const X509Ptr& each : chain.members)
    all.push_back(describe(each.get()).subject);
  return all;
}

std::string why(const Given& given, const ChainMember& owner = chain_lab().leaf) {
  const auto repaired = repair(given, owner);
  return repaired ? "" : repaired.error().message;
}

struct RepairCase {
  const char* title;
  Given given;
  Subjects notes;
};

TEST(RepairChain, AnyOrderAndCompanyComesOutAsAServerSendsIt) {
  const auto& lab = chain_lab();
  const std::string order = "the order was put right";
  const std::string root = "the root \"CN=Lab Root\" is left out: clients have it";
  const RepairCase rows[] = {
      {"AsItShouldBe", {&lab.leaf, &lab.issuing, &lab.upper}, {}},
      {"WithTheRoot", {&lab.leaf, &lab.issuing, &lab.upper, &lab.root}, {root}},
      {"BackToFront", {&lab.root, &lab.upper, &lab.issuing, &lab.leaf}, {order, root}},
      {"Twice",
       {&lab.leaf, &lab.leaf, &lab.issuing, &lab.upper, &lab.upper},
       {"2 certificates were there twice"}},
      {"Shuffled", {&lab.upper, &lab.leaf, &lab.issuing}, {order}},
      {"OneThatIsNoPartOfIt",
       {&lab.leaf, &lab.issuing, &lab.upper, &lab.direct},
       {"\"CN=direct.example.test\" is left out: it is no part of the chain"}},
      {"AnotherOfTheIssuersName",
       {&lab.leaf, &lab.issuing, &lab.upper, &lab.impostor},
       {"\"CN=Lab Issuing\" is left out: it is no part of the chain"}},
      {"WholeWithAnotherRoot",
       {&lab.leaf, &lab.issuing, &lab.upper, &lab.root, &lab.stranger},
       {root, "\"CN=Lab Stranger\" is left out: it is no part of the chain"}},
  };
  for (const RepairCase& row : rows) {
    const auto repaired = repair(row.given);
    ASSERT_TRUE(repaired) << row.title << ": " << repaired.error().message;
    EXPECT_THAT(subjects(*repaired),
                ElementsAre("CN=www.example.test", "CN=Lab Issuing", "CN=Lab Upper"))
        << row.title;
    EXPECT_EQ(repaired->notes, row.notes) << row.title;
  }
}

TEST(RepairChain, TheKeySaysWhichCertificateIsMeant) {
  const auto& lab = chain_lab();
  const auto repaired = repair({&lab.leaf, &lab.direct, &lab.root}, lab.direct);
  ASSERT_TRUE(repaired) << repaired.error().message;
  EXPECT_THAT(subjects(*repaired), ElementsAre("CN=direct.example.test"));
}

struct RefusedCase {
  const char* title;
  Given given;
  const char* code;
  const char* text;
};

TEST(RepairChain, WhatIsMissingIsNamed) {
  const auto& lab = chain_lab();
  const RefusedCase rows[] = {
      {"Nothing", {}, "E_CERT_PARSE: ", "there is no certificate"},
      {"LeafAlone",
       {&lab.leaf},
       "E_CHAIN_MISSING: ",
       "\"CN=www.example.test\" is issued by \"CN=Lab Issuing\""},
      {"LeafAndRoot", {&lab.leaf, &lab.root}, "E_CHAIN_MISSING: ", "http://pki.example.test/"},
      {"MiddleMissing",
       {&lab.leaf, &lab.issuing, &lab.root},
       "E_CHAIN_MISSING: ",
       "\"CN=Lab Issuing\" is issued by \"CN=Lab Upper\""},
      {"NotTheIssuerItself",
       {&lab.leaf, &lab.impostor, &lab.root},
       "E_CHAIN_WRONG_ISSUER: ",
       "did not sign \"CN=www.example.test\""},
      {"AnothersCertificates",
       {&lab.issuing, &lab.direct, &lab.root},
       "E_KEY_MISMATCH: ",
       "none of the 3 certificates"},
  };
  for (const RefusedCase& row : rows) {
    EXPECT_THAT(why(row.given), StartsWith(row.code)) << row.title;
    EXPECT_THAT(why(row.given), HasSubstr(row.text)) << row.title;
  }
}

TEST(RepairChain, TheKeyOfACaIsNotTheCertificates) {
  const auto& lab = chain_lab();
  EXPECT_EQ(why({&lab.leaf, &lab.issuing, &lab.upper}, lab.issuing),
            "E_KEY_MISMATCH: the key is that of the CA \"CN=Lab Issuing\", not of the certificate");
}

}  // namespace
}  // namespace ravelin::certs
