#include "certs/acme/jws.h"

#include "base/check.h"
#include "certs/issuer/base64url.h"

#include <boost/json.hpp>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <array>

namespace ravelin::certs::acme {
namespace {

namespace json = boost::json;

constexpr int kCoordinateBytes = 32;

using NumberPtr = base::Handle<BIGNUM, BN_free>;
using DigestPtr = base::Handle<EVP_MD_CTX, EVP_MD_CTX_free>;
using SignaturePtr = base::Handle<ECDSA_SIG, ECDSA_SIG_free>;

std::string_view text_of(const unsigned char* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string padded(const BIGNUM* number) {
  std::array<unsigned char, kCoordinateBytes> bytes{};
  CHECK(BN_bn2binpad(number, bytes.data(), kCoordinateBytes) == kCoordinateBytes);
  return std::string(text_of(bytes.data(), bytes.size()));
}

std::string coordinate(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  CHECK(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  const NumberPtr owned(number);
  return to_base64url(padded(owned.get()));
}

std::string flattened(const json::object& header, std::string_view payload, auto sign) {
  const std::string head = to_base64url(json::serialize(header));
  const std::string body = to_base64url(payload);
  const std::string signature = sign(head + "." + body);
  return json::serialize(
      json::object{{"protected", head}, {"payload", body}, {"signature", signature}});
}

// A JWK is JSON already; as a member it has to be a value.
json::value jwk_value(const EVP_PKEY* key) {
  boost::system::error_code error;
  json::value value = json::parse(jwk(key), error);
  CHECK(!error);
  return value;
}

}  // namespace

KeyPtr make_account_key() {
  KeyPtr key(EVP_EC_gen("P-256"));
  CHECK(key != nullptr);
  return key;
}

bool is_account_key(const EVP_PKEY* key) {
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) return false;
  std::array<char, 64> group{};
  std::size_t size = 0;
  return EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) == 1 &&
         std::string_view(group.data(), size) == "prime256v1";
}

std::string jwk(const EVP_PKEY* key) {
  return R"({"crv":"P-256","kty":"EC","x":")" + coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X) +
         R"(","y":")" + coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y) + R"("})";
}

std::string thumbprint(const EVP_PKEY* key) {
  const std::string text = jwk(key);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(bytes_of(text), text.size(), digest.data());
  return to_base64url(text_of(digest.data(), digest.size()));
}

std::string hs256(std::string_view key, std::string_view input) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(input), input.size(),
             mac.data(), &size) != nullptr);
  return to_base64url(text_of(mac.data(), size));
}

// OpenSSL signs as a DER sequence, JOSE wants both numbers in 32 bytes each.
std::string es256(EVP_PKEY* key, std::string_view input) {
  const DigestPtr context(EVP_MD_CTX_new());
  CHECK(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1);
  std::array<unsigned char, 128> der{};
  std::size_t size = der.size();
  CHECK(EVP_DigestSign(context.get(), der.data(), &size, bytes_of(input), input.size()) == 1);
  const unsigned char* at = der.data();
  const SignaturePtr signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  CHECK(signature != nullptr);
  return to_base64url(padded(ECDSA_SIG_get0_r(signature.get())) +
                      padded(ECDSA_SIG_get0_s(signature.get())));
}

std::string sign_request(const Signer& signer, std::string_view url, std::string_view nonce,
                         std::string_view payload) {
  json::object header{{"alg", "ES256"}, {"nonce", nonce}, {"url", url}};
  if (signer.kid.empty())
    header["jwk"] = jwk_value(signer.key);
  else
    header["kid"] = signer.kid;
  return flattened(header, payload,
                   [&](const std::string& input) { return es256(signer.key, input); });
}

std::string sign_binding(const ExternalAccount& external, const EVP_PKEY* account_key,
                         std::string_view new_account_url) {
  const json::object header{{"alg", "HS256"}, {"kid", external.kid}, {"url", new_account_url}};
  return flattened(header, jwk(account_key),
                   [&](const std::string& input) { return hs256(external.hmac_key, input); });
}

std::string sign_key_change(EVP_PKEY* new_key, const EVP_PKEY* old_key,
                            std::string_view account_url, std::string_view key_change_url) {
  const json::object header{{"alg", "ES256"}, {"jwk", jwk_value(new_key)}, {"url", key_change_url}};
  const json::object payload{{"account", account_url}, {"oldKey", jwk_value(old_key)}};
  return flattened(header, json::serialize(payload),
                   [&](const std::string& input) { return es256(new_key, input); });
}

}  // namespace ravelin::certs::acme
