#include "certs/issuer/private_key.h"

#include "base/text.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/rsa.h>

#include <array>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax = 8192;
constexpr int kExponentBitsMin = 17;  // 65537

EVP_PKEY* make(KeyKind kind) {
  switch (kind) {
    case KeyKind::p256:
      return EVP_EC_gen("P-256");
    case KeyKind::p384:
      return EVP_EC_gen("P-384");
    case KeyKind::rsa2048:
      return EVP_RSA_gen(2048);
    case KeyKind::rsa3072:
      return EVP_RSA_gen(3072);
    case KeyKind::rsa4096:
      return EVP_RSA_gen(4096);
  }
  return nullptr;
}

Result<> check_rsa(const EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < kRsaBitsMin || bits > kRsaBitsMax)
    return fail(Errc::invalid, "an RSA key of {} bits ({} to {})", bits, kRsaBitsMin, kRsaBitsMax);
  BIGNUM* raw = nullptr;
  EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &raw);
  const base::Handle<BIGNUM, BN_free> exponent(raw);
  if (exponent == nullptr || BN_num_bits(exponent.get()) < kExponentBitsMin)
    return fail(Errc::invalid, "an RSA key with an exponent below 65537");
  return {};
}

}  // namespace

Result<KeyKind> parse_key_kind(std::string_view text) {
  for (std::size_t i = 0; i < std::size(kKeyKinds); ++i) {
    if (kKeyKinds[i] == text) return static_cast<KeyKind>(i);
  }
  return fail(Errc::invalid, "\"{}\" is no kind of key (p256, p384, rsa2048, rsa3072, rsa4096)",
              text);
}

Result<KeyPtr> generate_key(KeyKind kind) {
  KeyPtr key(make(kind));
  if (key == nullptr) return fail(Errc::tls, "generating a key: {}", take_openssl_error());
  return key;
}

Result<> check_key_strength(const EVP_PKEY* key) {
  if (key_type(key) == KeyType::rsa) return check_rsa(key);
  std::array<char, 64> curve{};
  std::size_t size = 0;
  if (key_type(key) == KeyType::ec) {
    EVP_PKEY_get_group_name(key, curve.data(), curve.size(), &size);
    const std::string_view name(curve.data(), size);
    if (name == SN_X9_62_prime256v1 || name == SN_secp384r1) return {};
    ERR_clear_error();
    return fail(Errc::invalid, "a key on the curve {} (P-256 or P-384)",
                name.empty() ? "(explicit)" : name);
  }
  const char* type = EVP_PKEY_get0_type_name(key);
  return fail(Errc::invalid, "a key of the kind {} (P-256, P-384 or RSA)",
              type == nullptr ? "unknown" : type);
}

}  // namespace ravelin::certs
