#include "certs/rotate/check_served.h"

#include "tests/certs/store/store_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace ravelin::certs {
namespace {

namespace fs = std::filesystem;
using std::chrono::days;
using test::Recipe;
using test::StoreLab;
using test::TestKey;
using ::testing::HasSubstr;

const std::string kServedName = "www.example.test";

ServedCheck check(const StoreLab& lab, const std::vector<std::string>& names = {kServedName},
                  const RevokedKeys& revoked = {}, base::WallTime now = test::kNow,
                  const RevokedSerials& taken_back = {}) {
  return check_served(lab.store, kServedName, {.names = names, .issuers = {"le"}},
                      {revoked, taken_back, {}, now});
}

// The codes that are not "".
std::vector<std::string> codes(const ServedCheck& check) {
  std::vector<std::string> all;
  for (const CheckLine& line : check.lines)
    if (!line.code.empty()) all.push_back(line.code);
  return all;
}

using Codes = std::vector<std::string>;

TEST(CheckServed, WhatIsInOrderHasOnlyGoodLines) {
  StoreLab lab;
  lab.serve({Recipe{}, Recipe{.key = TestKey::rsa2048}});
  const ServedCheck checked = check(lab);
  EXPECT_EQ(codes(checked), Codes());
  EXPECT_FALSE(checked.has_failed());
  EXPECT_EQ(checked.warnings(), 0U);
  EXPECT_EQ(checked.worry, Worry::none);
  EXPECT_GE(checked.lines.size(), 8U);
  ASSERT_TRUE(checked.served);
  EXPECT_EQ(checked.served->info.number, 1U);
}

TEST(CheckServed, NothingServedIsAFailure) {
  const StoreLab lab;
  EXPECT_EQ(codes(check(lab)), Codes{"E_NOTHING_SERVED"});
  EXPECT_TRUE(check(lab).has_failed());
}

TEST(CheckServed, TheEndComesNearer) {
  StoreLab lab;
  lab.serve(std::vector<Recipe>{{.not_after = test::kNow + days(90)}});
  const auto at = [&](days later) { return check(lab, {kServedName}, {}, test::kNow + later); };
  EXPECT_EQ(codes(at(days(60))), Codes());
  EXPECT_EQ(codes(at(days(70))), Codes{"E_EXPIRES_SOON"});
  EXPECT_EQ(at(days(70)).worry, Worry::warning);
  EXPECT_FALSE(at(days(70)).has_failed());
  EXPECT_TRUE(at(days(84)).has_failed());
  EXPECT_THAT(at(days(84)).lines.back().text, HasSubstr("its renewal is late"));
  EXPECT_EQ(codes(at(days(91))), Codes{"E_CERT_EXPIRED"});
  EXPECT_EQ(at(days(91)).worry, Worry::critical);
}

TEST(CheckServed, NamesThatAreWantedAndMissingAreAFailure) {
  StoreLab lab;
  lab.serve(std::vector<Recipe>{Recipe{}});
  EXPECT_EQ(codes(check(lab, {kServedName, "new.example.test"})), Codes{"E_SAN_COVERAGE"});
}

TEST(CheckServed, ARevokedKeyIsAFailure) {
  StoreLab lab;
  lab.serve(std::vector<Recipe>{Recipe{}});
  const auto info = lab.store.info(kServedName, 1);
  ASSERT_TRUE(info);
  EXPECT_EQ(codes(check(lab, {kServedName}, {info->ec->spki_sha256})), Codes{"E_KEY_COMPROMISED"});
}

TEST(CheckServed, ACertificateThatWasTakenBackIsAFailure) {
  StoreLab lab;
  lab.serve(std::vector<Recipe>{Recipe{}});
  const auto info = lab.store.info(kServedName, 1);
  ASSERT_TRUE(info);
  const ServedCheck checked = check(lab, {kServedName}, {}, test::kNow, {info->ec->serial});
  EXPECT_EQ(codes(checked), Codes{"E_CERT_REVOKED"});
  EXPECT_EQ(codes(check(lab, {kServedName}, {}, test::kNow, {"00"})), Codes());
}

TEST(CheckServed, AKeyThatOthersCanReadIsAFailure) {
  StoreLab lab;
  lab.serve(std::vector<Recipe>{Recipe{}});
  fs::permissions(lab.path("private/keys/" + kServedName + "/000001/ec.key"),
                  fs::perms::owner_read | fs::perms::others_read);
  EXPECT_EQ(codes(check(lab)), Codes{"E_KEY_PERMS"});
  EXPECT_THAT(check(lab).lines.front().text, HasSubstr("chmod 600"));
}

TEST(CheckServed, AFileThatIsGoneIsAFailure) {
  StoreLab lab;
  lab.serve(std::vector<Recipe>{Recipe{}});
  fs::permissions(lab.path("gateway/certs/" + kServedName + "/gen/000001"), fs::perms::owner_all);
  fs::remove(lab.path("gateway/certs/" + kServedName + "/gen/000001/ec.pem"));
  EXPECT_EQ(codes(check(lab)), Codes{"E_FILE_UNREADABLE"});
}

}  // namespace
}  // namespace ravelin::certs
