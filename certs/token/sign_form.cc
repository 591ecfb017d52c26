#include "certs/token/sign_form.h"

#include "base/check.h"
#include "certs/handles.h"

#include <openssl/bn.h>
#include <openssl/ec.h>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kRawBytesMax = 144;  // 571 bits, twice

}  // namespace

CK_MECHANISM_TYPE mechanism_of(SignKind kind) {
  switch (kind) {
    case SignKind::ecdsa:
      return CKM_ECDSA;
    case SignKind::rsa_pkcs1:
      return CKM_RSA_PKCS;
    case SignKind::rsa_raw:
      break;
  }
  return CKM_RSA_X_509;
}

std::string_view mechanism_name(SignKind kind) {
  switch (kind) {
    case SignKind::ecdsa:
      return "CKM_ECDSA";
    case SignKind::rsa_pkcs1:
      return "CKM_RSA_PKCS";
    case SignKind::rsa_raw:
      break;
  }
  return "CKM_RSA_X_509";
}

std::span<const unsigned char> token_input(SignKind kind, std::span<const unsigned char> input,
                                           int key_bits) {
  const auto order_bytes = static_cast<std::size_t>((key_bits + 7) / 8);
  if (kind != SignKind::ecdsa || input.size() <= order_bytes) return input;
  return input.first(order_bytes);
}

base::Result<Bytes> ecdsa_to_der(std::span<const unsigned char> raw) {
  if (raw.empty() || raw.size() % 2 != 0 || raw.size() > kRawBytesMax)
    return fail(Errc::protocol, "the token's signature has {} bytes", raw.size());
  const auto half = static_cast<int>(raw.size() / 2);
  base::Handle<BIGNUM, BN_free> r(BN_bin2bn(raw.data(), half, nullptr));
  base::Handle<BIGNUM, BN_free> s(BN_bin2bn(raw.data() + half, half, nullptr));
  const base::Handle<ECDSA_SIG, ECDSA_SIG_free> signature(ECDSA_SIG_new());
  CHECK(r != nullptr && s != nullptr && signature != nullptr);
  if (BN_is_zero(r.get()) == 1 || BN_is_zero(s.get()) == 1)
    return fail(Errc::protocol, "the token's signature is zero");
  CHECK(ECDSA_SIG_set0(signature.get(), r.release(), s.release()) == 1);
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  CHECK(size > 0);
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

}  // namespace ravelin::certs
