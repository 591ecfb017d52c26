// RSA_padding_add_PKCS1_PSS_mgf1() is deprecated in OpenSSL 3, which has no other way to a padded
// block without the private key.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "certs/token/tls_form.h"

#include "certs/signing/signature_scheme.h"

#include <openssl/rsa.h>

#include <array>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

// DER of a DigestInfo up to the digest (RFC 8017 section 9.2, note 1); the fifteenth byte says
// which of the SHA-2 digests, the second and the last how long it is.
Bytes digest_info(int nid, std::span<const unsigned char> digest) {
  Bytes info{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
             0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
  constexpr std::size_t kLength = 1, kWhich = 14, kDigestLength = 18;
  info[kWhich] = nid == NID_sha256 ? 1 : (nid == NID_sha384 ? 2 : 3);
  info[kDigestLength] = static_cast<unsigned char>(digest.size());
  info[kLength] = static_cast<unsigned char>(kDigestLength - 1 + digest.size());
  info.insert(info.end(), digest.begin(), digest.end());
  return info;
}

base::Result<Bytes> pss_block(EVP_PKEY* public_key, const EVP_MD* digest,
                              std::span<const unsigned char> hash) {
  RSA* rsa = const_cast<RSA*>(EVP_PKEY_get0_RSA(public_key));
  Bytes block(rsa == nullptr ? 0 : static_cast<std::size_t>(RSA_size(rsa)));
  if (rsa == nullptr || RSA_padding_add_PKCS1_PSS_mgf1(rsa, block.data(), hash.data(), digest,
                                                       digest, RSA_PSS_SALTLEN_DIGEST) != 1)
    return fail(Errc::invalid, "padding for RSA-PSS: {}", take_openssl_error());
  return block;
}

}  // namespace

base::Result<TokenInput> token_form(std::uint16_t scheme, std::span<const unsigned char> structure,
                                    EVP_PKEY* public_key) {
  const auto known = signature_scheme(scheme);
  if (!known || known->key_type != key_type(public_key))
    return fail(Errc::invalid, "the key cannot sign with the scheme {:#06x}", scheme);
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned int size = 0;
  if (EVP_Digest(structure.data(), structure.size(), hash.data(), &size, known->digest(),
                 nullptr) != 1)
    return fail(Errc::tls, "hashing: {}", take_openssl_error());
  const std::span<const unsigned char> digest = std::span(hash).first(size);
  if (known->key_type == KeyType::ec)
    return TokenInput{SignKind::ecdsa, Bytes(digest.begin(), digest.end())};
  if (!known->is_pss)
    return TokenInput{SignKind::rsa_pkcs1, digest_info(EVP_MD_get_type(known->digest()), digest)};
  auto block = pss_block(public_key, known->digest(), digest);
  if (!block) return block.error();
  return TokenInput{SignKind::rsa_raw, std::move(*block)};
}

}  // namespace ravelin::certs
