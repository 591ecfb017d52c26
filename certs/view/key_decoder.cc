#include "certs/view/key_decoder.h"

#include "base/check.h"

#include <openssl/core_dispatch.h>
#include <openssl/decoder.h>

#include <utility>

namespace ravelin::certs {
namespace {

OSSL_DECODER_CTX* decoder_for(EVP_PKEY** found, const char* type) {
  OSSL_DECODER_CTX* decoder = OSSL_DECODER_CTX_new_for_pkey(found, "DER", "PrivateKeyInfo", type,
                                                            EVP_PKEY_KEYPAIR, nullptr, nullptr);
  CHECK(decoder != nullptr);
  return decoder;
}

}  // namespace

KeyDecoder::KeyDecoder() : ec_(decoder_for(&found_, "EC")), rsa_(decoder_for(&found_, "RSA")) {}

KeyDecoder::~KeyDecoder() {
  OSSL_DECODER_CTX_free(ec_);
  OSSL_DECODER_CTX_free(rsa_);
}

KeyPtr KeyDecoder::decode(std::string_view pkcs8, KeyType type) {
  const auto* data = reinterpret_cast<const unsigned char*>(pkcs8.data());
  std::size_t size = pkcs8.size();
  OSSL_DECODER_CTX* decoder = type == KeyType::rsa ? rsa_ : ec_;
  found_ = nullptr;
  const bool is_decoded = OSSL_DECODER_from_data(decoder, &data, &size) == 1 && size == 0;
  KeyPtr key(std::exchange(found_, nullptr));
  ERR_clear_error();
  return is_decoded ? std::move(key) : nullptr;
}

}  // namespace ravelin::certs
