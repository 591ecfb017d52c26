#include "certs/self_handshake.h"

#include "tests/certs/certificate_recipes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace ravelin::certs {
namespace {

using std::chrono::hours;
using test::Recipe;
using test::TestKey;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Names = std::vector<std::string>;

std::string why(const PairSet& pairs, const Names& names) {
  const auto shaken = shake_hands(pairs, names, test::kNow);
  return shaken ? "" : shaken.error().message;
}

TEST(SelfHandshake, GoodPairsPassWithEachKey) {
  const Names names{"www.example.test", "*.example.test", "192.0.2.1", "2001:db8::1"};
  for (const TestKey key : {TestKey::p256, TestKey::p384})
    EXPECT_EQ(why({test::make_pair({.names = names, .key = key}), nullptr}, names), "");
  const PairPtr rsa = test::make_pair({.names = names, .key = TestKey::rsa2048});
  EXPECT_EQ(why({nullptr, rsa}, names), "");
  EXPECT_EQ(why({test::make_pair({.names = names}), rsa}, names), "");
}

struct BadPair {
  const char* title;
  std::function<void(Recipe&)> change;
  const char* why;
};

TEST(SelfHandshake, WhatClientsWouldRefuseIsRefused) {
  const BadPair rows[] = {
      {"WrongName", [](Recipe& r) { r.names = {"other.example.test"}; }, "hostname mismatch"},
      {"WildcardOfAnotherLevel", [](Recipe& r) { r.names = {"*.www.example.test"}; },
       "hostname mismatch"},
      {"BrokenChain", [](Recipe& r) { r.above = test::Above::stranger; },
       "unable to get local issuer certificate"},
      {"ClientAuthOnly", [](Recipe& r) { r.extended_usage = "clientAuth"; }, "certificate purpose"},
      {"Expired", [](Recipe& r) { r.not_after = test::kNow - hours(1); },
       "certificate has expired"},
      {"NotYetValid", [](Recipe& r) { r.not_before = test::kNow + hours(1); },
       "certificate is not yet valid"},
      {"ExpiredAbove", [](Recipe& r) { r.above = test::Above::expired_intermediate; },
       "certificate has expired"},
  };
  for (const BadPair& row : rows) {
    Recipe recipe;
    row.change(recipe);
    const std::string said = why({test::make_pair(recipe), nullptr}, {"www.example.test"});
    EXPECT_THAT(said, StartsWith("handshake for www.example.test (TLS 1.2, ec key): "))
        << row.title;
    EXPECT_THAT(said, HasSubstr(row.why)) << row.title;
  }
}

TEST(SelfHandshake, AddressesAreLookedForAsAddresses) {
  EXPECT_THAT(why({test::make_pair({.names = {"192.0.2.1"}}), nullptr}, {"192.0.2.2"}),
              HasSubstr("IP address mismatch"));
}

TEST(SelfHandshake, TheKeyHasToBeTheCertificates) {
  const PairPtr good = test::make_pair({});
  const PairPtr other = test::make_pair({.key = TestKey::other_p256});
  auto mixed = std::make_shared<CertificatePair>();
  auto chain = parse_chain(to_pem(good->chain), "chain");
  auto key = parse_key(key_to_pem(other->key.get()), "key");
  ASSERT_TRUE(chain && key);
  mixed->chain = std::move(*chain);
  mixed->key = std::move(*key);
  EXPECT_THAT(why({mixed, nullptr}, {"www.example.test"}), HasSubstr("OpenSSL does not take it"));
}

TEST(SelfHandshake, TheOtherPairIsTriedAsWell) {
  const PairPtr bad = test::make_pair({.names = {"other.example.test"}, .key = TestKey::rsa2048});
  EXPECT_THAT(why({test::make_pair({}), bad}, {"www.example.test"}),
              StartsWith("handshake for www.example.test (TLS 1.2, rsa key): "));
}

TEST(QuickHandshake, GoodPairsPass) {
  for (const TestKey key : {TestKey::p256, TestKey::p384, TestKey::p521, TestKey::rsa2048})
    EXPECT_TRUE(shake_hands_once(*test::make_pair({.key = key})));
  for (const char* name : {"*.example.test", "192.0.2.1", "2001:db8::1"})
    EXPECT_TRUE(shake_hands_once(*test::make_pair({.names = {name}}))) << name;
}

// What is allowed to pairs in files, and has findings of its own.
TEST(QuickHandshake, LeavesDatesAndChainsToOthers) {
  const std::pair<const char*, std::function<void(Recipe&)>> rows[] = {
      {"Expired", [](Recipe& r) { r.not_after = test::kNow - hours(1); }},
      {"ExpiredAbove", [](Recipe& r) { r.above = test::Above::expired_intermediate; }},
      {"NothingAbove", [](Recipe& r) { r.above = test::Above::nothing; }},
      {"AStrangerAbove", [](Recipe& r) { r.above = test::Above::stranger; }},
  };
  for (const auto& [title, change] : rows) {
    Recipe recipe;
    change(recipe);
    const auto shaken = shake_hands_once(*test::make_pair(recipe));
    EXPECT_TRUE(shaken) << title << ": " << shaken.error().message;
  }
}

TEST(QuickHandshake, FindsWhatNoClientTakes) {
  Recipe recipe;
  recipe.extended_usage = "clientAuth";
  const auto shaken = shake_hands_once(*test::make_pair(recipe));
  ASSERT_FALSE(shaken);
  EXPECT_THAT(shaken.error().message, HasSubstr("certificate purpose"));
}

TEST(SelfHandshake, BeyondTheFirstFewNamesTheClientsCheckDoes) {
  Names names;
  for (std::size_t i = 0; i < kNamesShaken + 4; ++i)
    names.push_back(fmt::format("n{}.example.test", i));
  names.insert(names.end(), {"*.wild.test", "192.0.2.1"});
  const PairPtr pair = test::make_pair({.names = names});
  EXPECT_EQ(why({pair, nullptr}, names), "");
  names.push_back("missing.example.test");
  EXPECT_EQ(why({pair, nullptr}, names),
            "a client that asks for missing.example.test does not find its name in it");
}

}  // namespace
}  // namespace ravelin::certs
