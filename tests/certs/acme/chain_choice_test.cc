#include "certs/acme/chain_choice.h"

#include "certs/local_ca.h"

#include <gtest/gtest.h>

namespace ravelin::certs::acme {
namespace {

const ChainFacts kLong{"Old Root", {std::string(64, 'a'), std::string(64, 'b')}, 3};
const ChainFacts kShort{"New Root", {std::string(64, 'c')}, 2};
const ChainFacts kOther{"Third Root", {std::string(64, 'd')}, 2};

struct ChoiceCase {
  const char* name;
  std::vector<ChainFacts> chains;
  std::string preferred;
  std::size_t chosen;
};

TEST(ChainChoice, TakesThePreferredElseTheShortest) {
  const ChoiceCase cases[] = {
      {"OnlyOne", {kLong}, "", 0},
      {"Shortest", {kLong, kShort, kOther}, "", 1},
      {"ByName", {kShort, kLong}, "Old Root", 1},
      {"ByKey", {kShort, kLong}, std::string(64, 'B'), 1},
      {"NoneHasIt", {kLong, kShort}, "Odd Root", 1},
      {"NameIsWhole", {kShort, kLong}, "Old", 0},
      {"HalfAKey", {kShort, kLong}, std::string(32, 'a'), 0},
  };
  for (const ChoiceCase& one : cases)
    EXPECT_EQ(choose_chain(one.chains, one.preferred), one.chosen) << one.name;
}

// A request for signature with this key; what it asks for is not looked at.
std::string csr_of(EVP_PKEY* key) {
  const base::Handle<X509_REQ, X509_REQ_free> request(X509_REQ_new());
  X509_REQ_set_pubkey(request.get(), key);
  X509_REQ_sign(request.get(), key, EVP_sha256());
  unsigned char* der = nullptr;
  const int size = i2d_X509_REQ(request.get(), &der);
  std::string text(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

class Issued : public testing::Test {
 protected:
  void SetUp() override {
    auto ca = LocalCa::create({.common_name = "Test Root",
                               .permitted_names = {"a.test", "b.test"},
                               .permitted_ips = {"127.0.0.1"}});
    ASSERT_TRUE(ca);
    ca_ = std::make_unique<LocalCa>(std::move(*ca));
    auto pair = ca_->issue({.names = {"a.test", "*.b.test", "127.0.0.1"}});
    ASSERT_TRUE(pair);
    pair_ = *pair;
  }

  std::unique_ptr<LocalCa> ca_;
  PairPtr pair_;
};

TEST_F(Issued, IsWhatWasOrdered) {
  const auto chain = parse_issued(to_pem(pair_->chain));
  ASSERT_TRUE(chain);
  const std::string csr = csr_of(pair_->key.get());
  EXPECT_TRUE(check_issued(*chain, csr, {"127.0.0.1", "A.test", "*.b.test"}));
  EXPECT_EQ(check_issued(*chain, csr, {"a.test", "*.b.test"}).error().code, base::Errc::protocol);
  EXPECT_FALSE(check_issued(*chain, csr, {"a.test", "*.b.test", "127.0.0.1", "c.test"}));
  EXPECT_EQ(check_issued(*chain, csr_of(KeyPtr(EVP_EC_gen("P-256")).get()),
                         {"127.0.0.1", "a.test", "*.b.test"})
                .error()
                .message,
            "the CA sent a certificate for another key");
  EXPECT_FALSE(check_issued(*chain, "no request", {"127.0.0.1", "a.test", "*.b.test"}));
}

TEST_F(Issued, LosesTheRootAtItsEnd) {
  const std::string leaf = to_pem(pair_->chain.leaf.get());
  const auto chain = parse_issued(leaf + ca_->certificate_pem());
  ASSERT_TRUE(chain);
  EXPECT_EQ(to_pem(*chain), leaf);
  const ChainFacts facts = facts_of(*chain);
  EXPECT_EQ(facts.root_name, "Test Root");
  EXPECT_EQ(facts.length, 1U);
  EXPECT_TRUE(facts.keys.empty());
}

TEST_F(Issued, ThatDoesNotParseIsAnError) {
  for (const std::string_view pem : {"", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n"})
    EXPECT_FALSE(parse_issued(pem)) << pem;
}

}  // namespace
}  // namespace ravelin::certs::acme
