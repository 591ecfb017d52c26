#include "certs/signing/signature_scheme.h"

#include <openssl/rsa.h>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

using DigestContextPtr = base::Handle<EVP_MD_CTX, EVP_MD_CTX_free>;

}  // namespace

std::optional<SignatureScheme> signature_scheme(std::uint16_t number) {
  switch (number) {
    case 0x0403:
      return SignatureScheme{KeyType::ec, EVP_sha256, false};
    case 0x0503:
      return SignatureScheme{KeyType::ec, EVP_sha384, false};
    case 0x0603:
      return SignatureScheme{KeyType::ec, EVP_sha512, false};
    case 0x0401:
      return SignatureScheme{KeyType::rsa, EVP_sha256, false};
    case 0x0501:
      return SignatureScheme{KeyType::rsa, EVP_sha384, false};
    case 0x0601:
      return SignatureScheme{KeyType::rsa, EVP_sha512, false};
    case 0x0804:
      return SignatureScheme{KeyType::rsa, EVP_sha256, true};
    case 0x0805:
      return SignatureScheme{KeyType::rsa, EVP_sha384, true};
    case 0x0806:
      return SignatureScheme{KeyType::rsa, EVP_sha512, true};
    default:
      return std::nullopt;
  }
}

Result<std::vector<unsigned char>> sign_with_scheme(EVP_PKEY* key, std::uint16_t scheme,
                                                    std::span<const unsigned char> structure) {
  const auto known = signature_scheme(scheme);
  if (!known || known->key_type != key_type(key))
    return fail(Errc::invalid, "the key cannot sign with the scheme {:#06x}", scheme);
  const DigestContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* of_key = nullptr;  // the context's
  std::vector<unsigned char> signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
  std::size_t size = signature.size();
  bool is_good = context != nullptr &&
                 EVP_DigestSignInit(context.get(), &of_key, known->digest(), nullptr, key) == 1;
  if (is_good && known->is_pss)
    is_good = EVP_PKEY_CTX_set_rsa_padding(of_key, RSA_PKCS1_PSS_PADDING) == 1 &&
              EVP_PKEY_CTX_set_rsa_pss_saltlen(of_key, RSA_PSS_SALTLEN_DIGEST) == 1;
  if (!is_good || EVP_DigestSign(context.get(), signature.data(), &size, structure.data(),
                                 structure.size()) != 1)
    return fail(Errc::tls, "signing: {}", take_openssl_error());
  signature.resize(size);
  return signature;
}

}  // namespace ravelin::certs
