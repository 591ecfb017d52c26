// Private keys from DER, many of them: OpenSSL 3.0 builds a decoder anew for each key it is given,
// which costs several times what the key does; here it is built once. One thread at a time.
#pragma once

#include "certs/certificate.h"

#include <string_view>

struct ossl_decoder_ctx_st;

namespace ravelin::certs {

class KeyDecoder {
 public:
  KeyDecoder();
  KeyDecoder(const KeyDecoder&) = delete;
  KeyDecoder& operator=(const KeyDecoder&) = delete;
  ~KeyDecoder();

  // PKCS#8 DER of that type. nullptr: it is none.
  KeyPtr decode(std::string_view pkcs8, KeyType type);

 private:
  EVP_PKEY* found_ = nullptr;  // where the decoders leave what they found
  ossl_decoder_ctx_st* ec_;
  ossl_decoder_ctx_st* rsa_;
};

}  // namespace ravelin::certs
