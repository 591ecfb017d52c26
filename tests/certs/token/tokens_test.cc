// Keys of a token that is pulled out, locks, forgets and waits.
#include "certs/token/tokens.h"

#include "tests/certs/token/fake_token.h"
#include "tests/support/test_certs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/rsa.h>

#include <fstream>
#include <future>

namespace ravelin::certs {
namespace {

using base::Errc;
using test::FakeToken;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

std::future<Result<Bytes>> ask(const TokenKeyPtr& key, SignKind kind, const Bytes& input) {
  auto answered = std::make_shared<std::promise<Result<Bytes>>>();
  auto answer = answered->get_future();
  key->sign(
      kind, input, [] { return true; },
      [answered](Result<Bytes> signature) { answered->set_value(std::move(signature)); });
  return answer;
}

// Making an RSA key takes long.
const PairPtr& rsa_pair() {
  static const PairPtr pair = ravelin::test::issue({"rsa.test"}, LeafKey::rsa2048);
  return pair;
}

class TokensTest : public ::testing::Test {
 protected:
  TokensTest() {
    tokens_.emplace(Tokens::Options{
        .signing = {.threads = 1, .queue_max = 3},
        .token = {.retry_first = 1s, .retry_max = 8s, .now = [this] { return now_.load(); }}});
    tokens_->add_module(FakeToken::module());
    token_.add_key("ec", "\x01", ec_->key.get());
    token_.add_key("rsa", "\x02", rsa_->key.get());
    write_pin(FakeToken::kPin);
  }

  void write_pin(const std::string& pin) {
    const std::string path = dir_.path("pin.new");
    std::ofstream(path) << pin << "\n";
    std::filesystem::permissions(path, std::filesystem::perms(0600));
    std::filesystem::rename(path, dir_.path("pin"));  // another inode: it has changed
  }

  [[nodiscard]] PairFiles files(const std::string& uri) const {
    return {"www.crt", uri, dir_.path("pin")};
  }

  Result<TokenKeyPtr> key(const std::string& uri, const PairPtr& pair) {
    return tokens_->key(files(uri), {}, X509_get0_pubkey(pair->chain.leaf.get()));
  }

  TokenKeyPtr ec_key() {
    auto found = key("pkcs11:token=web;object=ec", ec_);
    EXPECT_TRUE(found) << found.error().message;
    return *found;
  }

  std::string why(const std::string& uri, const PairPtr& pair) {
    const auto found = key(uri, pair);
    return found ? "" : found.error().message;
  }

  void pass(base::Duration time) { now_ = now_.load() + time; }

  [[nodiscard]] SigningCounts counts() const { return tokens_->status().front().counts; }

  ravelin::test::TempDir dir_;
  PairPtr ec_ = ravelin::test::issue({"ec.test"});
  PairPtr rsa_ = rsa_pair();
  std::atomic<base::MonoTime> now_{};
  FakeToken token_;
  std::optional<Tokens> tokens_;
};

const Bytes kDigest(32, 7);

TEST_F(TokensTest, AnEllipticKeySigns) {
  const auto signature = ask(ec_key(), SignKind::ecdsa, kDigest).get();
  ASSERT_TRUE(signature) << signature.error().message;
  const base::Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new(ec_->key.get(), nullptr));
  ASSERT_EQ(EVP_PKEY_verify_init(context.get()), 1);
  EXPECT_EQ(EVP_PKEY_verify(context.get(), signature->data(), signature->size(), kDigest.data(),
                            kDigest.size()),
            1);
}

TEST_F(TokensTest, AnRsaKeySignsInBothWays) {
  const auto found = key("pkcs11:object=rsa;type=private", rsa_);
  ASSERT_TRUE(found) << found.error().message;
  const auto plain = ask(*found, SignKind::rsa_pkcs1, kDigest).get();
  Bytes block(256, 1);
  block[0] = 0;
  const auto raw = ask(*found, SignKind::rsa_raw, block).get();
  ASSERT_TRUE(plain && raw);
  for (const auto& [padding, signature, input] :
       {std::tuple(RSA_PKCS1_PADDING, *plain, kDigest), std::tuple(RSA_NO_PADDING, *raw, block)}) {
    const base::Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
        EVP_PKEY_CTX_new(rsa_->key.get(), nullptr));
    Bytes back(256);
    std::size_t size = back.size();
    ASSERT_EQ(EVP_PKEY_verify_recover_init(context.get()), 1);
    ASSERT_EQ(EVP_PKEY_CTX_set_rsa_padding(context.get(), padding), 1);
    ASSERT_EQ(EVP_PKEY_verify_recover(context.get(), back.data(), &size, signature.data(),
                                      signature.size()),
              1);
    back.resize(size);
    EXPECT_EQ(back, input);
  }
}

TEST_F(TokensTest, WhatCannotServeSaysWhy) {
  token_.add_key("twice", "\x03", ec_->key.get());
  token_.add_key("twice", "\x04", ec_->key.get());
  EXPECT_THAT(why("pkcs11:token=other;object=ec", ec_), HasSubstr("there is \"web\""));
  EXPECT_THAT(why("pkcs11:object=none", ec_), HasSubstr("it has \"ec\", \"rsa\", \"twice\""));
  EXPECT_THAT(why("pkcs11:object=twice", ec_), HasSubstr("several private keys"));
  EXPECT_EQ(why("pkcs11:object=twice;id=%04", ec_), "");
  EXPECT_THAT(why("pkcs11:object=ec", ravelin::test::issue({"x.test"})),
              HasSubstr("is another one than the certificate's"));
  EXPECT_THAT(why("pkcs11:object=rsa", ec_), HasSubstr("of another type"));
  EXPECT_EQ(key("pkcs11:object=rsa", ec_).error().code, Errc::conflict);
  EXPECT_THAT(why("pkcs11:object=ec?module-path=/none/a.so", ec_),
              HasSubstr("/none/a.so does not load"));
  token_.forget_mechanism(CKM_RSA_X_509);
  EXPECT_THAT(why("pkcs11:object=rsa", rsa_), HasSubstr("does not sign with CKM_RSA_X_509"));
  token_.ask_always();
  EXPECT_THAT(why("pkcs11:object=ec", ec_), HasSubstr("CKA_ALWAYS_AUTHENTICATE"));
}

TEST_F(TokensTest, AFindingTakesThePlaceOfThePair) {
  LoadedPair loaded{.pair = ec_, .findings = {}, .stamps = {}};
  EXPECT_NE(tokens_->key_of(loaded, files("pkcs11:object=ec"), {}), nullptr);
  EXPECT_NE(loaded.pair, nullptr);
  EXPECT_EQ(tokens_->key_of(loaded, files("pkcs11:object=rsa"), {}), nullptr);
  EXPECT_EQ(loaded.pair, nullptr);
  EXPECT_EQ(loaded.findings.at(0).code, PairCode::key_mismatch);
  LoadedPair other{.pair = ec_, .findings = {}, .stamps = {}};
  EXPECT_EQ(tokens_->key_of(other, files("pkcs11:object=none"), {}), nullptr);
  EXPECT_EQ(other.findings.at(0).code, PairCode::key_token);
}

TEST_F(TokensTest, AWrongPinIsTriedOnce) {
  write_pin("0000");
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(why("pkcs11:object=ec", ec_), HasSubstr("refuses the PIN in " + dir_.path("pin")));
    pass(1h);
  }
  EXPECT_EQ(token_.logins(), 1);
  EXPECT_TRUE(tokens_->status().front().is_away);
  write_pin(FakeToken::kPin);
  EXPECT_EQ(why("pkcs11:object=ec", ec_), "");
  EXPECT_EQ(token_.logins(), 2);
}

TEST_F(TokensTest, APinThatMustNotBeTriedIsNot) {
  token_.last_try();
  EXPECT_THAT(why("pkcs11:object=ec", ec_), HasSubstr("locks with the next wrong PIN"));
  EXPECT_EQ(token_.logins(), 0);
  token_.lock_pin();
  EXPECT_THAT(why("pkcs11:object=ec", ec_), HasSubstr("is locked after too many wrong PINs"));
  EXPECT_THAT(why("pkcs11:object=ec", ec_), HasSubstr("is locked after too many wrong PINs"));
  EXPECT_EQ(token_.logins(), 1);
}

TEST_F(TokensTest, AMissingPinIsAskedFor) {
  const auto found = tokens_->key({"www.crt", "pkcs11:object=ec", ""}, {},
                                  X509_get0_pubkey(ec_->chain.leaf.get()));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("name that with pin_file"));
  EXPECT_EQ(token_.logins(), 0);
}

TEST_F(TokensTest, APinOthersCanReadIsRefused) {
  std::filesystem::permissions(dir_.path("pin"), std::filesystem::perms(0644));
  EXPECT_THAT(why("pkcs11:object=ec", ec_), HasSubstr("chmod 600"));
  EXPECT_EQ(token_.logins(), 0);
}

TEST_F(TokensTest, ATokenThatComesBackSignsAgain) {
  const TokenKeyPtr key = ec_key();
  EXPECT_TRUE(ask(key, SignKind::ecdsa, kDigest).get());
  token_.pull_out();
  EXPECT_THAT(ask(key, SignKind::ecdsa, kDigest).get().error().message, HasSubstr("is away"));
  EXPECT_TRUE(tokens_->status().front().is_away);
  token_.put_in();
  EXPECT_FALSE(ask(key, SignKind::ecdsa, kDigest).get()) << "it is not asked for a second";
  pass(1s);
  EXPECT_TRUE(ask(key, SignKind::ecdsa, kDigest).get());
  EXPECT_FALSE(tokens_->status().front().is_away);
  EXPECT_EQ(counts().signed_, 2U);
  EXPECT_EQ(counts().failed, 2U);
}

TEST_F(TokensTest, AModuleThatHasToStartAgainIsStartedAgain) {
  token_.see_only_after_init();
  const TokenKeyPtr key = ec_key();
  EXPECT_TRUE(ask(key, SignKind::ecdsa, kDigest).get());
  token_.pull_out();
  EXPECT_FALSE(ask(key, SignKind::ecdsa, kDigest).get());
  EXPECT_FALSE(ask(key, SignKind::ecdsa, kDigest).get());
  EXPECT_EQ(token_.inits(), 2) << "only when a try is due";
  token_.put_in();
  pass(1s);
  EXPECT_TRUE(ask(key, SignKind::ecdsa, kDigest).get());
  EXPECT_EQ(token_.inits(), 3);
}

TEST_F(TokensTest, TriesBecomeRarer) {
  const TokenKeyPtr key = ec_key();
  token_.pull_out();
  std::vector<int> tries;
  int before = token_.inits();
  for (int second = 0; second <= 24; ++second) {
    EXPECT_FALSE(ask(key, SignKind::ecdsa, kDigest).get());
    if (token_.inits() != before) tries.push_back(second);
    before = token_.inits();
    pass(1s);
  }
  EXPECT_EQ(tries, (std::vector{0, 1, 3, 7, 15, 23}));
}

TEST_F(TokensTest, AKeyMadeAnewUnderTheSameNameIsFound) {
  const TokenKeyPtr key = ec_key();
  EXPECT_TRUE(ask(key, SignKind::ecdsa, kDigest).get());
  token_.remove_keys();
  token_.add_key("ec", "\x05", ec_->key.get());
  EXPECT_TRUE(ask(key, SignKind::ecdsa, kDigest).get());
}

TEST_F(TokensTest, AnotherKeyUnderTheSameNameNeverSigns) {
  const TokenKeyPtr key = ec_key();
  EXPECT_TRUE(ask(key, SignKind::ecdsa, kDigest).get());
  token_.remove_keys();
  const PairPtr other = ravelin::test::issue({"other.test"});
  token_.add_key("ec", "\x05", other->key.get());
  const auto refused = ask(key, SignKind::ecdsa, kDigest).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::conflict);
  const auto theirs = this->key("pkcs11:object=ec", other);
  ASSERT_TRUE(theirs) << theirs.error().message;
  EXPECT_TRUE(ask(*theirs, SignKind::ecdsa, kDigest).get());
}

TEST_F(TokensTest, AFullQueueRefusesTheNewest) {
  const TokenKeyPtr key = ec_key();
  EXPECT_TRUE(ask(key, SignKind::ecdsa, kDigest).get());
  token_.hold();
  std::vector<std::future<Result<Bytes>>> answers;
  answers.push_back(ask(key, SignKind::ecdsa, kDigest));
  while (tokens_->status().front().waiting != 0)
    std::this_thread::yield();  // the thread has it
  for (int i = 0; i < 3; ++i)
    answers.push_back(ask(key, SignKind::ecdsa, kDigest));
  const auto refused = ask(key, SignKind::ecdsa, kDigest).get();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("3 signatures wait already"));
  token_.let_go();
  for (auto& answer : answers)
    EXPECT_TRUE(answer.get());
  EXPECT_EQ(counts().refused, 1U);
  EXPECT_EQ(counts().signed_, 5U);
}

TEST_F(TokensTest, WhatNobodyWaitsForIsNotSigned) {
  const TokenKeyPtr key = ec_key();
  EXPECT_TRUE(ask(key, SignKind::ecdsa, kDigest).get());
  const int before = token_.signatures();
  key->sign(
      SignKind::ecdsa, kDigest, [] { return false; }, [](const Result<Bytes>&) { FAIL(); });
  EXPECT_TRUE(ask(key, SignKind::ecdsa, kDigest).get());
  EXPECT_EQ(token_.signatures(), before + 1);
  EXPECT_EQ(counts().dropped, 1U);
}

TEST_F(TokensTest, TheEndAnswersWhatWaits) {
  TokenKeyPtr key = ec_key();
  EXPECT_TRUE(ask(key, SignKind::ecdsa, kDigest).get());
  token_.hold();
  auto under_way = ask(key, SignKind::ecdsa, kDigest);
  while (tokens_->status().front().waiting != 0)
    std::this_thread::yield();
  auto waits = ask(key, SignKind::ecdsa, kDigest);
  token_.let_go();
  tokens_.reset();
  key.reset();
  EXPECT_TRUE(under_way.get());
  static_cast<void>(waits.get());  // signed, or told that it will not be
  EXPECT_EQ(token_.open_sessions(), 0U);
}

TEST_F(TokensTest, ATokenThatIsNoLongerUsedIsLetGo) {
  TokenKeyPtr key = ec_key();
  tokens_->prune();
  EXPECT_EQ(tokens_->status().size(), 1U);
  key.reset();
  tokens_->prune();
  EXPECT_TRUE(tokens_->status().empty());
  EXPECT_EQ(token_.open_sessions(), 0U);
}

}  // namespace
}  // namespace ravelin::certs
