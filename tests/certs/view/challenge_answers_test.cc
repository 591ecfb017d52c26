#include "certs/view/challenge_answers.h"

#include "certs/store/challenge_folder.h"
#include "tests/certs/store/store_lab.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <fstream>

namespace ravelin::certs {
namespace {

const Challenge kHttp{ChallengeType::http_01, "www.example.test", "token_1", "token_1.print"};
const Challenge kTls{ChallengeType::tls_alpn_01, "www.example.test", "token_2", "token_2.print"};

TEST(ChallengeAnswers, AnswersItsPathAndNoOther) {
  const std::vector challenges = {kHttp, kTls};
  const ChallengeAnswers answers(challenges, 7);
  EXPECT_EQ(answers.for_path("/.well-known/acme-challenge/token_1"), "token_1.print");
  for (const std::string_view path :
       {"/.well-known/acme-challenge/", "/.well-known/acme-challenge/token_2",
        "/.well-known/acme-challenge/token_1/", "/token_1", "",
        "/.well-known/acme-challenge/other"})
    EXPECT_EQ(answers.for_path(path), "") << path;
  EXPECT_TRUE(answers.has_token("token_2"));
  EXPECT_EQ(answers.revision(), 7U);
}

TEST(ChallengeAnswers, TheCertificateHoldsTheDigestCritically) {
  const ChallengeAnswers answers(std::span(&kTls, 1), 1);
  const PairPtr pair = answers.for_name("www.example.test");
  ASSERT_NE(pair, nullptr);
  EXPECT_EQ(answers.for_name("other.example.test"), nullptr);
  EXPECT_EQ(pair->chain.info.dns_names, std::vector<std::string>{"www.example.test"});
  const base::Handle<ASN1_OBJECT, ASN1_OBJECT_free> id(OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1));
  const int at = X509_get_ext_by_OBJ(pair->chain.leaf.get(), id.get(), -1);
  ASSERT_GE(at, 0);
  X509_EXTENSION* extension = X509_get_ext(pair->chain.leaf.get(), at);
  EXPECT_EQ(X509_EXTENSION_get_critical(extension), 1);
  const ASN1_OCTET_STRING* value = X509_EXTENSION_get_data(extension);
  std::string expected("\x04\x20", 2);
  expected.resize(2 + SHA256_DIGEST_LENGTH);
  SHA256(reinterpret_cast<const unsigned char*>(kTls.key_authorization.data()),
         kTls.key_authorization.size(), reinterpret_cast<unsigned char*>(expected.data()) + 2);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                        static_cast<std::size_t>(ASN1_STRING_length(value))),
            expected);
}

// RFC 8738 section 6.
TEST(ChallengeAnswers, AnAddressIsAskedForByItsReverseName) {
  EXPECT_EQ(challenge_server_name("www.example.test"), "www.example.test");
  EXPECT_EQ(challenge_server_name("192.0.2.7"), "7.2.0.192.in-addr.arpa");
  EXPECT_EQ(challenge_server_name("2001:db8::1"),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST(FolderBoard, PutsUpAndTakesDown) {
  test::StoreLab lab;
  std::vector<std::string> awaited;
  FolderBoard board(lab.store.paths(), [&awaited](const Challenge& challenge) -> Result<> {
    awaited.push_back(challenge.token);
    return {};
  });
  ASSERT_TRUE(board.put_up(kHttp));
  ASSERT_TRUE(board.put_up(kTls));
  EXPECT_EQ(awaited, (std::vector<std::string>{"token_1", "token_2"}));
  EXPECT_EQ(read_challenges(lab.store.paths()).size(), 2U);
  board.take_down(kHttp);
  EXPECT_EQ(read_challenges(lab.store.paths()), std::vector{kTls});
  board.take_down(kHttp);
}

TEST(FolderBoard, ATokenThatIsNoneNeverBecomesAPath) {
  test::StoreLab lab;
  FolderBoard board(lab.store.paths(), {});
  for (const std::string& token : {std::string("../journal"), std::string(), std::string("a/b"),
                                   std::string("a b"), std::string(201, 'a')})
    EXPECT_FALSE(board.put_up({ChallengeType::http_01, "a.test", token, token + ".x"})) << token;
  EXPECT_TRUE(read_challenges(lab.store.paths()).empty());
}

TEST(FolderBoard, DamagedFilesAreLeftOut) {
  test::StoreLab lab;
  FolderBoard board(lab.store.paths(), {});
  ASSERT_TRUE(board.put_up(kHttp));
  std::ofstream(lab.path("gateway/challenges/x.json")) << "{\"type\":";
  std::ofstream(lab.path("gateway/challenges/y.json"))
      << R"({"type":"http-09","name":"a","token":"y","key_authorization":"y.z"})";
  EXPECT_EQ(read_challenges(lab.store.paths()), std::vector{kHttp});
}

}  // namespace
}  // namespace ravelin::certs
