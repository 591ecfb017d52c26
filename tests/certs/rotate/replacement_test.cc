#include "certs/rotate/replacement.h"

#include "certs/acme/renewal_info.h"
#include "tests/certs/rotate/rotation_lab.h"

#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using test::FakeIssuer;
using test::kRotated;
using test::RotationLab;

struct ReplaceCase {
  const char* title;
  std::vector<std::pair<std::uint64_t, std::string>> kept;  // number, issuer
  std::uint64_t served;
  bool may;
};

TEST(Replacement, IsOfTheSameIssuerAndOnce) {
  const ReplaceCase rows[] = {
      {"TheNewest", {{1, "le"}, {2, "le"}}, 2, true},
      {"OfAnother", {{1, "dev"}}, 1, false},
      {"Imported", {{1, "imported"}}, 1, false},
      {"RolledBackTo", {{1, "le"}, {2, "le"}}, 1, false},
      {"StoodInForByAnother", {{1, "le"}, {2, "dev"}}, 1, true},
      {"StoodInForByAnotherThenReplaced", {{1, "le"}, {2, "dev"}, {3, "le"}}, 1, false},
  };
  for (const ReplaceCase& row : rows) {
    std::vector<GenerationInfo> kept;
    GenerationInfo served;
    for (const auto& [number, issuer] : row.kept) {
      kept.push_back({.number = number, .issuer = issuer});
      if (number == row.served) served = kept.back();
    }
    EXPECT_EQ(may_replace(served, kept, "le"), row.may) << row.title;
  }
}

// certID of what is served for that key type.
std::string id_of(const RotationLab& lab, PairSlot slot) {
  const auto generation = lab.store.generation(kRotated, lab.state(kRotated).current);
  const auto chain = parse_chain(generation->texts(slot)->chain, "served");
  return *acme::certificate_id(chain->leaf.get());
}

TEST(Replacement, EachOrderNamesTheCertificateOfItsKind) {
  RotationLab lab;
  lab.want.keys = {"p256", "rsa2048"};
  std::vector<std::string> named;
  lab.le.at = [&](const std::string& at) {
    if (at == "placed") named.push_back(lab.le.last.replaces);
  };
  ASSERT_TRUE(lab.rotate("issue"));
  EXPECT_EQ(named, std::vector<std::string>(2));
  const std::vector<std::string> served = {id_of(lab, PairSlot::ec), id_of(lab, PairSlot::rsa)};
  EXPECT_NE(served[0], served[1]);
  named.clear();
  ASSERT_TRUE(lab.rotate());
  EXPECT_EQ(named, served);
  const auto history = lab.store.history(kRotated);
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].issuer, "le");
  EXPECT_EQ(history[0].orders, 2U);
  EXPECT_EQ(history[0].replacing, 0U);
  EXPECT_EQ(history[1].replacing, 2U);
}

TEST(Replacement, ARollbackIsNotReplacedTwice) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  ASSERT_TRUE(lab.rotate());
  ASSERT_TRUE(roll_back(lab.parts(), kRotated, 1, "root"));
  ASSERT_TRUE(lab.rotate());
  EXPECT_EQ(lab.le.last.replaces, "");
  ASSERT_TRUE(lab.rotate());
  EXPECT_NE(lab.le.last.replaces, "");
}

TEST(Replacement, AnotherIssuerIsToldNothing) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  lab.want.issuers = {"dev"};
  ASSERT_TRUE(lab.rotate());
  EXPECT_EQ(lab.dev.last.replaces, "");
  EXPECT_EQ(lab.store.history(kRotated).back().issuer, "dev");
}

}  // namespace
}  // namespace ravelin::certs
