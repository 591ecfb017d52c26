#include "certs/acme/jws.h"

#include "certs/certificate.h"
#include "certs/issuer/base64url.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

namespace ravelin::certs::acme {
namespace {

namespace json = boost::json;

std::string bytes(std::string_view base64url) {
  const auto decoded = from_base64url(base64url);
  return decoded ? *decoded : "";
}

// The key of RFC 7515 appendix A.3.
constexpr std::string_view kX = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
constexpr std::string_view kY = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
constexpr std::string_view kD = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
// Its input, also of appendix A.1.
constexpr std::string_view kPayload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlf"
    "Q";

KeyPtr rfc7515_key() {
  const std::string point = "\x04" + bytes(kX) + bytes(kY);
  const std::string secret = bytes(kD);
  const base::Handle<BIGNUM, BN_free> number(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(secret.data()),
                static_cast<int>(secret.size()), nullptr));
  const base::Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get());
  const base::Handle<OSSL_PARAM, OSSL_PARAM_free> parameters(
      OSSL_PARAM_BLD_to_param(builder.get()));
  const base::Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  EVP_PKEY_fromdata_init(context.get());
  EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, parameters.get());
  return KeyPtr(key);
}

bool verifies(EVP_PKEY* key, std::string_view input, std::string_view base64url) {
  const std::string raw = bytes(base64url);
  if (raw.size() != 64) return false;
  const auto* at = reinterpret_cast<const unsigned char*>(raw.data());
  const base::Handle<ECDSA_SIG, ECDSA_SIG_free> signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(at, 32, nullptr), BN_bin2bn(at + 32, 32, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  const base::Handle<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key);
  const int good =
      EVP_DigestVerify(context.get(), der, static_cast<std::size_t>(size),
                       reinterpret_cast<const unsigned char*>(input.data()), input.size());
  OPENSSL_free(der);
  return good == 1;
}

struct Jws {
  json::object header;
  std::string payload;
  std::string input;
  std::string signature;
};

Jws open(const std::string& text) {
  const json::object object = json::parse(text).as_object();
  const std::string head(object.at("protected").as_string());
  const std::string payload(object.at("payload").as_string());
  return {json::parse(bytes(head)).as_object(), bytes(payload), head + "." + payload,
          std::string(object.at("signature").as_string())};
}

TEST(Jws, Hs256IsThatOfRfc7515) {
  const std::string key = bytes(
      "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
  const std::string input = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + std::string(kPayload);
  EXPECT_EQ(hs256(key, input), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
}

TEST(Jws, VerifiesTheSignatureOfRfc7515AndItsOwn) {
  const KeyPtr key = rfc7515_key();
  ASSERT_NE(key, nullptr);
  const std::string input = "eyJhbGciOiJFUzI1NiJ9." + std::string(kPayload);
  EXPECT_TRUE(
      verifies(key.get(), input,
               "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP"
               "3-Kg6NU1Q"));
  // Half of all signatures have a number that DER writes with 33 bytes or fewer than 32.
  for (int i = 0; i < 300; ++i) {
    const std::string text = input + std::to_string(i);
    ASSERT_TRUE(verifies(key.get(), text, es256(key.get(), text))) << i;
  }
  EXPECT_FALSE(verifies(key.get(), "other", es256(key.get(), input)));
}

// The digest by another implementation (Python's hashlib) over the JWK as RFC 7638 orders it.
TEST(Jws, ThumbprintIsThatOfTheOrderedKey) {
  const KeyPtr key = rfc7515_key();
  EXPECT_EQ(jwk(key.get()), R"({"crv":"P-256","kty":"EC","x":")" + std::string(kX) + R"(","y":")" +
                                std::string(kY) + R"("})");
  EXPECT_EQ(thumbprint(key.get()), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
}

TEST(Jws, RequestNamesTheAccountOrBringsTheKey) {
  const KeyPtr key = rfc7515_key();
  const Jws by_account =
      open(sign_request({key.get(), "https://ca.test/a/1"}, "https://ca.test/o", "n-1", ""));
  EXPECT_EQ(
      json::serialize(by_account.header),
      R"({"alg":"ES256","nonce":"n-1","url":"https://ca.test/o","kid":"https://ca.test/a/1"})");
  EXPECT_EQ(by_account.payload, "");
  EXPECT_TRUE(verifies(key.get(), by_account.input, by_account.signature));

  const Jws by_key = open(sign_request({key.get()}, "https://ca.test/o", "n-2", R"({"a":1})"));
  EXPECT_FALSE(by_key.header.contains("kid"));
  EXPECT_EQ(json::serialize(by_key.header.at("jwk")), jwk(key.get()));
  EXPECT_EQ(by_key.payload, R"({"a":1})");
  EXPECT_TRUE(verifies(key.get(), by_key.input, by_key.signature));
}

TEST(Jws, BindingSignsTheAccountsKeyWithTheGivenOne) {
  const KeyPtr key = make_account_key();
  const Jws binding = open(sign_binding({"kid-1", "secret"}, key.get(), "https://ca.test/new"));
  EXPECT_EQ(json::serialize(binding.header),
            R"({"alg":"HS256","kid":"kid-1","url":"https://ca.test/new"})");
  EXPECT_EQ(binding.payload, jwk(key.get()));
  EXPECT_EQ(binding.signature, hs256("secret", binding.input));
}

TEST(Jws, KeyChangeIsSignedByTheNewKeyAndNamesTheOld) {
  const KeyPtr old_key = make_account_key();
  const KeyPtr new_key = make_account_key();
  const Jws change = open(sign_key_change(new_key.get(), old_key.get(), "https://ca.test/a/1",
                                          "https://ca.test/change"));
  EXPECT_EQ(json::serialize(change.header.at("jwk")), jwk(new_key.get()));
  EXPECT_FALSE(change.header.contains("nonce"));
  EXPECT_EQ(change.payload,
            R"({"account":"https://ca.test/a/1","oldKey":)" + jwk(old_key.get()) + "}");
  EXPECT_TRUE(verifies(new_key.get(), change.input, change.signature));
  EXPECT_FALSE(verifies(old_key.get(), change.input, change.signature));
}

TEST(Jws, OnlyP256IsAnAccountsKey) {
  EXPECT_TRUE(is_account_key(make_account_key().get()));
  EXPECT_FALSE(is_account_key(KeyPtr(EVP_EC_gen("P-384")).get()));
  EXPECT_FALSE(is_account_key(KeyPtr(EVP_RSA_gen(2048)).get()));
}

}  // namespace
}  // namespace ravelin::certs::acme
