#include "certs/sealed_key.h"

#include <openssl/pkcs12.h>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

using SealedPtr = base::Handle<X509_SIG, X509_SIG_free>;

SealedPtr decode(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* end = at + der.size();
  SealedPtr sealed(d2i_X509_SIG(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (at != end) return nullptr;
  return sealed;
}

// The parameters of an algorithm, if they are of that kind.
template <class Object>
Object* unpack(const X509_ALGOR* algorithm, const ASN1_ITEM* item) {
  const void* parameters = nullptr;
  int type = 0;
  X509_ALGOR_get0(nullptr, &type, &parameters, algorithm);
  if (type != V_ASN1_SEQUENCE) return nullptr;
  return static_cast<Object*>(ASN1_item_unpack(static_cast<const ASN1_STRING*>(parameters), item));
}

int nid_of(const X509_ALGOR* algorithm) {
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, algorithm);
  return OBJ_obj2nid(object);
}

// Rounds of PBKDF2 (RFC 8018) and of what was there before it. 0 = another function, whose costs
// OpenSSL limits itself (scrypt).
long rounds_of(const X509_SIG* sealed) {
  const X509_ALGOR* algorithm = nullptr;
  X509_SIG_get0(sealed, &algorithm, nullptr);
  if (nid_of(algorithm) != NID_pbes2) {
    const base::Handle<PBEPARAM, PBEPARAM_free> old(
        unpack<PBEPARAM>(algorithm, ASN1_ITEM_rptr(PBEPARAM)));
    return old == nullptr ? 0 : ASN1_INTEGER_get(old->iter);
  }
  const base::Handle<PBE2PARAM, PBE2PARAM_free> both(
      unpack<PBE2PARAM>(algorithm, ASN1_ITEM_rptr(PBE2PARAM)));
  if (both == nullptr || nid_of(both->keyfunc) != NID_id_pbkdf2) return 0;
  const base::Handle<PBKDF2PARAM, PBKDF2PARAM_free> function(
      unpack<PBKDF2PARAM>(both->keyfunc, ASN1_ITEM_rptr(PBKDF2PARAM)));
  return function == nullptr ? 0 : ASN1_INTEGER_get(function->iter);
}

}  // namespace

bool is_sealed_key(std::string_view der) {
  return decode(der) != nullptr;
}

Result<KeyPtr> open_sealed_key(std::string_view der, const std::string& passphrase,
                               std::string_view name) {
  const SealedPtr sealed = decode(der);
  if (sealed == nullptr)
    return fail(Errc::invalid, "E_KEY_PARSE: {}: is no encrypted private key", name);
  const long rounds = rounds_of(sealed.get());
  ERR_clear_error();
  if (rounds < 0 || rounds > kKeyRoundsMax)
    return fail(Errc::invalid, "E_KEY_PARSE: {}: asks for {} rounds (at most {})", name, rounds,
                kKeyRoundsMax);
  const base::Handle<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> plain(
      PKCS8_decrypt(sealed.get(), passphrase.c_str(), static_cast<int>(passphrase.size())));
  KeyPtr key(plain == nullptr ? nullptr : EVP_PKCS82PKEY(plain.get()));
  const bool is_outdated = ERR_GET_REASON(ERR_peek_error()) == ERR_R_UNSUPPORTED;
  ERR_clear_error();
  if (key != nullptr) return key;
  if (is_outdated)
    return fail(Errc::invalid,
                "E_KEY_ENCRYPTED: {}: is encrypted with a cipher that is no longer in use: write "
                "it anew with openssl pkcs8 -topk8",
                name);
  return fail(Errc::invalid, "E_KEY_ENCRYPTED: {}: the passphrase given is not the key's", name);
}

}  // namespace ravelin::certs
