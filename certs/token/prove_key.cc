#include "certs/token/prove_key.h"

#include "base/check.h"
#include "certs/certificate.h"
#include "certs/token/token_answer.h"

#include <openssl/rand.h>
#include <openssl/rsa.h>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

using ContextPtr = base::Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

constexpr std::size_t kDigestBytes = 32;

// What nobody can have had signed before. A padded block is below the modulus.
Bytes random_input(SignKind kind, EVP_PKEY* key) {
  const auto whole = static_cast<std::size_t>(EVP_PKEY_get_size(key));
  Bytes input(kind == SignKind::rsa_raw ? whole : kDigestBytes);
  CHECK(RAND_bytes(input.data(), static_cast<int>(input.size())) == 1);
  if (kind == SignKind::rsa_raw) input.front() = 0;
  return input;
}

bool is_right_ecdsa(const Bytes& raw, const Bytes& input, EVP_PKEY* key) {
  const auto der = ecdsa_to_der(raw);
  if (!der) return false;
  const ContextPtr context(EVP_PKEY_CTX_new(key, nullptr));
  return context != nullptr && EVP_PKEY_verify_init(context.get()) == 1 &&
         EVP_PKEY_verify(context.get(), der->data(), der->size(), input.data(), input.size()) == 1;
}

bool is_right_rsa(const Bytes& raw, const Bytes& input, int padding, EVP_PKEY* key) {
  const ContextPtr context(EVP_PKEY_CTX_new(key, nullptr));
  Bytes back(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
  std::size_t size = back.size();
  if (context == nullptr || EVP_PKEY_verify_recover_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), padding) != 1 ||
      EVP_PKEY_verify_recover(context.get(), back.data(), &size, raw.data(), raw.size()) != 1)
    return false;
  back.resize(size);
  return back == input;
}

bool is_right(SignKind kind, const Bytes& raw, const Bytes& input, EVP_PKEY* key) {
  const bool right =
      kind == SignKind::ecdsa
          ? is_right_ecdsa(raw, input, key)
          : is_right_rsa(raw, input, kind == SignKind::rsa_raw ? RSA_NO_PADDING : RSA_PKCS1_PADDING,
                         key);
  ERR_clear_error();
  return right;
}

Result<> prove_one(const TokenSession& session, CK_OBJECT_HANDLE handle, EVP_PKEY* key,
                   SignKind kind) {
  const Bytes input = random_input(kind, key);
  const TokenSession::Signed made =
      session.sign(handle, kind, token_input(kind, input, EVP_PKEY_get_bits(key)));
  if (made.answer != CKR_OK)
    return token_error(made.answer,
                       fmt::format("the key in the token does not sign with {}, which TLS needs",
                                   mechanism_name(kind)));
  if (!is_right(kind, made.raw, input, key))
    return fail(Errc::conflict, "the key in the token is another one than the certificate's");
  return {};
}

}  // namespace

Result<> prove_key(const TokenSession& session, CK_OBJECT_HANDLE handle, EVP_PKEY* public_key,
                   Proof proof) {
  const KeyType type = key_type(public_key);
  if (session.type_of(handle).value_or(type) != type)
    return fail(Errc::conflict, "the key in the token is of another type than the certificate's");
  if (type == KeyType::ec) return prove_one(session, handle, public_key, SignKind::ecdsa);
  if (auto raw = prove_one(session, handle, public_key, SignKind::rsa_raw); !raw) return raw;
  if (proof == Proof::quick) return {};
  return prove_one(session, handle, public_key, SignKind::rsa_pkcs1);
}

}  // namespace ravelin::certs
