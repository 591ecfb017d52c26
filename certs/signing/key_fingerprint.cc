#include "certs/signing/key_fingerprint.h"

#include <openssl/sha.h>

#include <array>

namespace ravelin::certs {

std::string key_fingerprint(const EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  if (size <= 0) {
    ERR_clear_error();
    return {};
  }
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(der, static_cast<std::size_t>(size), digest.data());
  OPENSSL_free(der);
  std::string hex;
  for (const unsigned char byte : digest)
    hex += fmt::format("{:02x}", byte);
  return hex;
}

std::string key_fingerprint(std::span<const unsigned char> certificate) {
  const unsigned char* at = certificate.data();
  const X509Ptr parsed(d2i_X509(nullptr, &at, static_cast<long>(certificate.size())));
  ERR_clear_error();
  return parsed == nullptr ? std::string() : describe(parsed.get()).spki_sha256;
}

}  // namespace ravelin::certs
