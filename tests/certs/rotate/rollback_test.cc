#include "certs/rotate/rotation.h"
#include "certs/view/held_certificate.h"
#include "certs/view/store_follower.h"
#include "tests/certs/rotate/rotation_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <filesystem>

namespace ravelin::certs {
namespace {

namespace fs = std::filesystem;
using base::Errc;
using std::chrono::hours;
using test::kRotated;
using test::RotationLab;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Result<GenerationInfo> go_back(RotationLab& lab, std::uint64_t number = 0) {
  return roll_back(lab.parts(), kRotated, number, "root");
}

std::string why(const Result<GenerationInfo>& result) {
  return result ? "" : result.error().message;
}

TEST(RollBack, ServesTheOneBeforeAndForthAgain) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  ASSERT_TRUE(lab.rotate());
  const auto back = go_back(lab);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->number, 1U);
  EXPECT_EQ(lab.state(kRotated).current, 1U);
  EXPECT_EQ(lab.state(kRotated).previous, 2U);
  EXPECT_EQ(go_back(lab)->number, 2U);
  EXPECT_EQ(lab.store.history(kRotated).back().detail, "generation 1 -> 2");
  EXPECT_THAT(lab.events(), ElementsAre("issue", "rotate", "rollback", "rollback"));
}

TEST(RollBack, ServesTheOneThatIsNamed) {
  RotationLab lab;
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(lab.rotate());
  EXPECT_EQ(go_back(lab, 1)->number, 1U);
  EXPECT_EQ(lab.state(kRotated).previous, 3U);
}

TEST(RollBack, NeedsAGenerationToGoBackTo) {
  RotationLab lab;
  EXPECT_EQ(go_back(lab).error().code, Errc::not_found);
  EXPECT_FALSE(fs::exists(lab.store.paths().lock(kRotated)));
  ASSERT_TRUE(lab.rotate("issue"));
  EXPECT_EQ(why(go_back(lab)), "certificate \"www.example.test\" has no generation before 1");
  EXPECT_EQ(why(go_back(lab, 1)), "generation 1 of \"www.example.test\" is served already");
  EXPECT_EQ(why(go_back(lab, 9)), "certificate \"www.example.test\" has no generation 9");
}

TEST(RollBack, NeverToOneThatHasEndedOrWasRevoked) {
  RotationLab lab;
  lab.serve({{.names = {kRotated},
              .not_before = test::kNow - hours(48),
              .not_after = test::kNow - hours(1)}});
  ASSERT_TRUE(lab.rotate());
  EXPECT_EQ(why(go_back(lab)), "generation 1 ended on 2026-03-02 11:00:00 UTC: rotate instead");
  const std::string second = lab.served_key();
  ASSERT_TRUE(lab.rotate());
  ASSERT_TRUE(lab.store.revoke_key(second));
  EXPECT_EQ(why(go_back(lab)), "E_KEY_COMPROMISED: generation 2 has a revoked key: rotate instead");
  EXPECT_EQ(lab.state(kRotated).current, 3U);
}

TEST(RollBack, NeverToOneThatNobodyCanServe) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  ASSERT_TRUE(lab.rotate());
  const std::string folder = lab.store.paths().keys(kRotated, 1);
  fs::permissions(folder, fs::perms(0700));
  fs::permissions(folder + "/ec.key", fs::perms(0644));
  EXPECT_THAT(why(go_back(lab)), StartsWith("E_KEY_PERMS: "));
  fs::remove(folder + "/ec.key");
  EXPECT_THAT(why(go_back(lab)), HasSubstr("ec.key"));
  EXPECT_EQ(lab.state(kRotated).current, 2U);
}

TEST(RollBack, RespectsTheLease) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  ASSERT_TRUE(lab.rotate());
  const auto held = lab.lease(kRotated);
  EXPECT_EQ(go_back(lab).error().code, Errc::conflict);
}

TEST(Import, IsServedAndNotRenewed) {
  RotationLab lab;
  const auto imported =
      import_certificate(lab.parts(), kRotated, test::make_generation({{}}), "root");
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_EQ(imported->info.number, 1U);
  EXPECT_EQ(imported->info.issuer, "imported");
  EXPECT_EQ(lab.state(kRotated).current, 1U);
  EXPECT_THAT(lab.store.want(kRotated)->issuers, ::testing::IsEmpty());
  EXPECT_THAT(lab.store.want(kRotated)->keys, ElementsAre("p256"));
  EXPECT_THAT(lab.events(), ElementsAre("import"));
}

TEST(Import, LeavesTheIssuersOfOneThatHasThem) {
  RotationLab lab;
  ASSERT_TRUE(lab.rotate("issue"));
  const auto imported =
      import_certificate(lab.parts(), kRotated, test::make_generation({{}}), "root");
  ASSERT_TRUE(imported);
  EXPECT_EQ(imported->before, 1U);
  EXPECT_EQ(*lab.store.want(kRotated), lab.want);
}

// Old programs write keys in forms of their own.
TEST(Import, GatewaysServeWhatWasImported) {
  RotationLab lab;
  Generation generation = test::make_generation({{.names = {"*.example.test"}}});
  const BioPtr out(BIO_new(BIO_s_mem()));
  ASSERT_EQ(PEM_write_bio_PrivateKey_traditional(out.get(), test::test_key(test::TestKey::p256),
                                                 nullptr, nullptr, 0, nullptr, nullptr),
            1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  generation.ec->key = std::string(text, static_cast<std::size_t>(size));
  const auto imported = import_certificate(lab.parts(), kRotated, std::move(generation), "root");
  ASSERT_TRUE(imported) << imported.error().message;
  EXPECT_THAT(imported->info.names, ElementsAre(kRotated, "*.example.test"));
  const auto follower = StoreFollower::open(lab.root(), {});
  ASSERT_TRUE(follower);
  EXPECT_THAT((*follower)->refused(), ::testing::IsEmpty());
  EXPECT_FALSE((*follower)->view()->find(kRotated).is_empty());
}

TEST(Import, OldGenerationsGo) {
  RotationLab lab;
  for (int i = 0; i < 7; ++i)
    ASSERT_TRUE(import_certificate(lab.parts(), kRotated, test::make_generation({{}}), "root"));
  EXPECT_THAT(lab.state(kRotated).generations, ElementsAre(3U, 4U, 5U, 6U, 7U));
}

TEST(Import, BadOnesLeaveNoTrace) {
  RotationLab lab;
  const auto imported = import_certificate(
      lab.parts(), kRotated, test::make_generation({{.names = {"other.example.test"}}}), "root");
  ASSERT_FALSE(imported);
  EXPECT_THAT(imported.error().message, StartsWith("E_SAN_COVERAGE: "));
  EXPECT_THAT(*lab.store.names(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace ravelin::certs
