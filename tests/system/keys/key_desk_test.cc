// What the desk signs, and everything it refuses.
#include "system/keys/key_desk.h"

#include "certs/signing/signed_structure.h"
#include "tests/certs/store/store_lab.h"
#include "tests/system/keys/key_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::system::test {
namespace {

using messages::KeyAnswer;
using messages::KeyRef;
using messages::Message;
using messages::Outcome;
using messages::SignRequest;
using messages::SignResult;
using messages::TlsSide;
using messages::TlsVersion;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const certs::PairPtr& www() {
  static const auto pair = ravelin::test::issue({"www.test"});
  return pair;
}

const certs::PairPtr& rsa() {
  static const auto pair = ravelin::test::issue({"rsa.test"}, certs::LeafKey::rsa2048);
  return pair;
}

const certs::PairPtr& other() {
  static const auto pair = ravelin::test::issue({"www.test"});
  return pair;
}

const certs::PairPtr& alice() {
  static const auto pair = ravelin::test::issue_client("alice");
  return pair;
}

std::optional<Message> ask(KeyDesk& desk, const Message& question) {
  std::optional<Message> got;
  const bool is_taken = desk.take(question, [&](const Message& answer) {
    EXPECT_FALSE(got.has_value()) << "answered twice";
    got = answer;
  });
  EXPECT_EQ(is_taken, got.has_value());
  return got;
}

SignResult sign(KeyDesk& desk, const SignRequest& request) {
  const auto answer = ask(desk, request);
  return answer ? std::get<SignResult>(*answer) : SignResult{.outcome = Outcome::failed};
}

class Desk : public testing::Test {
 protected:
  KeyLab lab_;
  KeyFile www_ = lab_.add("www", www());
  KeyFile rsa_ = lab_.add("rsa", rsa());
  KeyFile alice_ = lab_.add("alice", alice(), certs::PairUse::client);
};

TEST_F(Desk, SignsWhatTls13Signs) {
  KeyDesk desk(lab_.list);
  const SignRequest request = request_13(configured(www_, www()), 0x0403);
  const SignResult result = sign(desk, request);
  ASSERT_EQ(result.outcome, Outcome::done) << result.text;
  const auto structure = certs::build_structure(request);
  const base::Handle<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  ASSERT_EQ(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr,
                                 X509_get0_pubkey(www()->chain.leaf.get())),
            1);
  EXPECT_EQ(EVP_DigestVerify(context.get(),
                             reinterpret_cast<const unsigned char*>(result.signature.data()),
                             result.signature.size(), structure->data(), structure->size()),
            1);
  EXPECT_EQ(desk.counts().signatures, 1U);
  EXPECT_EQ(desk.counts().keys_held, 1U);
  EXPECT_GT(desk.counts().signing_ns, 0U);
}

struct Refusal {
  const char* name;
  SignRequest request;
  const char* why;
};

TEST_F(Desk, RefusesEverythingElse) {
  const KeyRef key = configured(www_, www());
  const auto with = [&](auto change) {
    SignRequest request = request_13(key, 0x0403);
    change(request);
    return request;
  };
  SignRequest exchange{.key = key,
                       .tls_version = TlsVersion::tls1_2,
                       .scheme = 0x0403,
                       .client_random = messages::Bytes(32),
                       .server_random = messages::Bytes(32),
                       .group = 23,
                       .point = messages::Bytes(65)};
  SignRequest transcript{.key = configured(alice_, alice()),
                         .tls_version = TlsVersion::tls1_2,
                         .side = TlsSide::client,
                         .scheme = 0x0403,
                         .transcript = messages::Bytes(200)};
  const Refusal cases[] = {
      {"AFlaw", with([](SignRequest& r) { r.transcript_hash.clear(); }), "transcript hash"},
      {"AHashBesideRandoms", with([](SignRequest& r) { r.client_random.resize(32); }), "randoms"},
      {"UnknownScheme", with([](SignRequest& r) { r.scheme = 0x0203; }), "scheme"},
      {"SchemeOfAnotherKey", with([](SignRequest& r) { r.scheme = 0x0804; }), "0x0804"},
      {"Pkcs1InTls13", request_13(configured(rsa_, rsa()), 0x0401), "none of TLS 1.3"},
      {"UnlistedKey", with([](SignRequest& r) { r.key.name = "0123"; }), "another configuration"},
      {"APathForAName", with([&](SignRequest& r) { r.key.name = www_.files.key; }),
       "another configuration"},
      {"KeyOfAnotherCertificate", request_13(configured(www_, other()), 0x0403), "E_KEY_MISMATCH"},
      {"ServersKeyForAClient", request_13(key, 0x0403, TlsSide::client), "other side"},
      {"ClientsKeyForAServer", request_13(configured(alice_, alice()), 0x0403), "other side"},
      {"NoStore", request_13(stored("www.test", 1, www()), 0x0403), "no store"},
      {"NoPointOfTheGroup", exchange, "no such point"},
      {"NoHandshake", transcript, "no handshake of TLS 1.2"},
  };
  KeyDesk desk(lab_.list);
  std::uint64_t refused = 0;
  for (const Refusal& row : cases) {
    const SignResult result = sign(desk, row.request);
    EXPECT_EQ(result.outcome, Outcome::refused) << row.name;
    EXPECT_THAT(result.text, HasSubstr(row.why)) << row.name;
    EXPECT_THAT(result.signature, IsEmpty()) << row.name;
    EXPECT_EQ(desk.counts().refused, ++refused) << row.name;
  }
  EXPECT_EQ(desk.counts().signatures, 0U);
}

TEST_F(Desk, IsNoPlaceForOtherMessages) {
  KeyDesk desk(lab_.list);
  for (const Message& message :
       {Message(messages::Hello{}), Message(SignResult{}), Message(KeyAnswer{})})
    EXPECT_FALSE(ask(desk, message));
}

TEST_F(Desk, CapsTheRate) {
  base::MonoTime now{std::chrono::seconds(100)};
  KeyDesk desk(lab_.list, {.signatures_per_second = 10, .burst = 2, .now = [&] { return now; }});
  const SignRequest request = request_13(configured(www_, www()), 0x0403);
  EXPECT_EQ(sign(desk, request).outcome, Outcome::done);
  EXPECT_EQ(sign(desk, request).outcome, Outcome::done);
  const SignResult over = sign(desk, request);
  EXPECT_EQ(over.outcome, Outcome::refused);
  EXPECT_THAT(over.text, HasSubstr("in a second"));
  now = now + std::chrono::milliseconds(100);
  EXPECT_EQ(sign(desk, request).outcome, Outcome::done);
  EXPECT_EQ(sign(desk, request).outcome, Outcome::refused);
  EXPECT_EQ(desk.counts().limited, 2U);
  EXPECT_EQ(desk.counts().refused, 0U);
}

KeyAnswer look(KeyDesk& desk, const KeyRef& key) {
  const auto answer = ask(desk, messages::KeyQuestion{.key = key});
  return std::get<KeyAnswer>(*answer);
}

TEST_F(Desk, SaysWhatIsWrongWithAFileAsItIsSaidWhereKeysAreRead) {
  KeyDesk desk(lab_.list);
  EXPECT_EQ(look(desk, configured(www_, www())), (KeyAnswer{.outcome = Outcome::done}));
  lab_.dir().replace("www.key", certs::key_to_pem(www()->key.get()), 0644);
  const auto told = certs::load_pair(www_.files, {.key_file = {.groups = {}}}, base::wall_now());
  const KeyAnswer open = look(desk, configured(www_, www()));
  EXPECT_EQ(open.outcome, Outcome::failed);
  ASSERT_EQ(open.findings.size(), 1U);
  EXPECT_EQ(gateway::parse_finding(open.findings[0]), told.findings.front());
  lab_.dir().replace("www.key", certs::key_to_pem(other()->key.get()));
  EXPECT_THAT(look(desk, configured(www_, www())).findings,
              ElementsAre(HasSubstr("E_KEY_MISMATCH: " + www_.files.key)));
  lab_.dir().replace("www.key", "no key");
  EXPECT_THAT(look(desk, configured(www_, www())).findings,
              ElementsAre(HasSubstr("error E_KEY_PARSE: ")));
}

TEST_F(Desk, NamesNoKeyMaterial) {
  KeyDesk desk(lab_.list);
  const std::string pem = certs::key_to_pem(other()->key.get());
  lab_.dir().replace("www.key", pem.substr(0, pem.size() / 2));
  for (const std::string& finding : look(desk, configured(www_, www())).findings)
    EXPECT_THAT(finding, Not(HasSubstr(pem.substr(40, 20))));
}

// The old certificate is shown until the new one is loaded everywhere.
TEST_F(Desk, HasTheOldKeyBesideTheNew) {
  KeyDesk desk(lab_.list);
  ASSERT_EQ(sign(desk, request_13(configured(www_, www()), 0x0403)).outcome, Outcome::done);
  lab_.dir().replace("www.key", certs::key_to_pem(other()->key.get()));
  EXPECT_EQ(look(desk, configured(www_, other())).outcome, Outcome::done);
  EXPECT_EQ(sign(desk, request_13(configured(www_, other()), 0x0403)).outcome, Outcome::done);
  EXPECT_EQ(sign(desk, request_13(configured(www_, www()), 0x0403)).outcome, Outcome::done);
  EXPECT_EQ(desk.counts().keys_held, 2U);
}

TEST_F(Desk, LetsGoOfKeysThatAreListedNoMore) {
  KeyDesk desk(lab_.list);
  const SignRequest request = request_13(configured(www_, www()), 0x0403);
  ASSERT_EQ(sign(desk, request).outcome, Outcome::done);
  KeyList shorter = lab_.list;
  shorter.files.erase(shorter.files.begin());
  desk.use(shorter);
  EXPECT_EQ(desk.counts().keys_held, 0U);
  EXPECT_EQ(sign(desk, request).outcome, Outcome::refused);
}

TEST_F(Desk, HoldsNoMoreKeysThanItMay) {
  KeyDesk desk(lab_.list, {.rack = {.keys_max = 1}});
  EXPECT_EQ(sign(desk, request_13(configured(www_, www()), 0x0403)).outcome, Outcome::done);
  EXPECT_EQ(sign(desk, request_13(configured(rsa_, rsa()), 0x0804)).outcome, Outcome::done);
  EXPECT_EQ(desk.counts().keys_held, 1U);
  EXPECT_EQ(sign(desk, request_13(configured(www_, www()), 0x0403)).outcome, Outcome::done);
}

certs::Generation generation_of(const std::string& name, const certs::PairPtr& pair) {
  certs::Generation generation;
  const certs::CertificateInfo& info = pair->chain.info;
  generation.info = {
      .names = {name}, .issuer = "test", .reason = "issue", .by = "root", .node = "host"};
  generation.info.ec =
      certs::PairFacts{.key = "p256",
                       .serial = info.serial,
                       .issuer_name = info.issuer,
                       .spki_sha256 = info.spki_sha256,
                       .not_before = std::chrono::floor<std::chrono::seconds>(info.not_before),
                       .not_after = std::chrono::floor<std::chrono::seconds>(info.not_after)};
  generation.ec = certs::PairTexts(certs::to_pem(pair->chain), certs::key_to_pem(pair->key.get()));
  return generation;
}

TEST(StoreDesk, SignsWithKeysOfTheStore) {
  certs::test::StoreLab store;
  store.serve("www.test", generation_of("www.test", www()));
  base::MonoTime now{std::chrono::seconds(100)};
  KeyDesk desk({.store = store.root()}, {.now = [&] { return now; }});
  const KeyRef key = stored("www.test", 1, www());
  EXPECT_EQ(look(desk, key).outcome, Outcome::done);
  EXPECT_EQ(sign(desk, request_13(key, 0x0403)).outcome, Outcome::done);
  const auto refused = [&](const KeyRef& ref, Outcome outcome, const char* why) {
    const SignResult result = sign(desk, request_13(ref, 0x0403));
    EXPECT_EQ(result.outcome, outcome) << why;
    EXPECT_THAT(result.text, HasSubstr(why));
  };
  refused(stored("www.test", 2, www()), Outcome::failed, "no generation 2");
  refused(stored("www.test", 1, other()), Outcome::refused, "not that of the certificate");
  refused(stored("www.test", 1, rsa()), Outcome::refused, "no such key");
  refused(stored("other.test", 1, www()), Outcome::failed, "other.test");
  for (const char* name : {"../www.test", "www.test/../www.test", "/etc", ".", "www.test/gen"})
    refused(stored(name, 1, www()), Outcome::refused, "E_KEY_PROCESS");
  ASSERT_TRUE(store.store.revoke_key(www()->chain.info.spki_sha256));
  now = now + std::chrono::seconds(2);
  refused(key, Outcome::refused, "E_KEY_COMPROMISED");
  EXPECT_EQ(desk.counts().keys_held, 0U);
  EXPECT_EQ(look(desk, key).outcome, Outcome::refused);
}

}  // namespace
}  // namespace ravelin::system::test
