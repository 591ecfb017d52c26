#include "certs/import/pkcs12.h"

#include "base/check.h"
#include "certs/sealed_key.h"

#include <openssl/pkcs12.h>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

using Pkcs12Ptr = base::Handle<PKCS12, PKCS12_free>;

constexpr int kIterations = 200'000;

Pkcs12Ptr decode(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  Pkcs12Ptr file(d2i_PKCS12(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (file != nullptr && at != reinterpret_cast<const unsigned char*>(der.data() + der.size()))
    return nullptr;
  return file;
}

long iterations_of(const PKCS12* file) {
  const ASN1_INTEGER* count = nullptr;
  PKCS12_get0_mac(nullptr, nullptr, nullptr, &count, file);
  return count == nullptr ? 1 : ASN1_INTEGER_get(count);
}

// No passphrase is written in two ways: an empty one, and none at all.
bool opens_with(PKCS12* file, const std::string* passphrase) {
  const bool opens = passphrase != nullptr ? PKCS12_verify_mac(file, passphrase->c_str(), -1) == 1
                                           : PKCS12_verify_mac(file, nullptr, 0) == 1 ||
                                                 PKCS12_verify_mac(file, "", 0) == 1;
  ERR_clear_error();
  return opens;
}

base::Error parse_error(std::string_view name) {
  const unsigned long code = ERR_peek_error();
  const bool is_outdated = ERR_GET_REASON(code) == ERR_R_UNSUPPORTED ||
                           ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_UNSUPPORTED ||
                           ERR_GET_LIB(code) == ERR_LIB_EVP;
  const std::string why = take_openssl_error();
  if (!is_outdated) return fail(Errc::invalid, "E_CERT_PARSE: {}: {}", name, why);
  return fail(Errc::invalid,
              "E_PKCS12_LEGACY: {}: is encrypted with a cipher that is no longer in use (RC2, "
              "RC4): write it anew: (umask 077; openssl pkcs12 -legacy -noenc -in {} -out all.pem) "
              "and import all.pem",
              name, name);
}

}  // namespace

bool is_pkcs12(std::string_view der) {
  return decode(der) != nullptr;
}

Result<Pkcs12Contents> read_pkcs12(std::string_view der, const std::string* passphrase,
                                   std::string_view name) {
  const Pkcs12Ptr file = decode(der);
  if (file == nullptr) return fail(Errc::invalid, "E_CERT_PARSE: {}: is no PKCS#12 file", name);
  if (PKCS12_mac_present(file.get()) != 1)
    return fail(Errc::invalid, "E_CERT_PARSE: {}: has no checksum (MAC): write it anew", name);
  if (const long count = iterations_of(file.get()); count < 1 || count > kKeyRoundsMax)
    return fail(Errc::invalid, "E_CERT_PARSE: {}: asks for {} rounds (at most {})", name, count,
                kKeyRoundsMax);
  if (!opens_with(file.get(), passphrase)) {
    if (passphrase != nullptr)
      return fail(Errc::invalid, "E_KEY_ENCRYPTED: {}: the passphrase given is not the file's",
                  name);
    return fail(Errc::invalid,
                "E_KEY_ENCRYPTED: {}: has a passphrase: put it into a file of mode 0600 and name "
                "that with --pass-file",
                name);
  }
  EVP_PKEY* key = nullptr;
  X509* leaf = nullptr;
  STACK_OF(X509)* others = nullptr;
  const char* opened_with = passphrase == nullptr ? nullptr : passphrase->c_str();
  if (PKCS12_parse(file.get(), opened_with, &key, &leaf, &others) != 1) return parse_error(name);
  Pkcs12Contents contents{.key = KeyPtr(key), .certificates = {}};
  if (leaf != nullptr) contents.certificates.emplace_back(leaf);
  const X509StackPtr stack(others);
  for (int i = 0; stack != nullptr && i < sk_X509_num(stack.get()); ++i)
    contents.certificates.push_back(share(sk_X509_value(stack.get(), i)));
  ERR_clear_error();
  return contents;
}

Result<std::string> make_pkcs12(std::string_view chain_pem, std::string_view key_pem,
                                const std::string& passphrase, const std::string& label) {
  const auto chain = parse_chain(chain_pem, "the chain");
  if (!chain) return chain.error();
  const auto key = parse_key(key_pem, "the key");
  if (!key) return key.error();
  constexpr int kNoMacYet = -1;
  const Pkcs12Ptr file(PKCS12_create(passphrase.c_str(), label.c_str(), key->get(),
                                     chain->leaf.get(), chain->intermediates.get(), NID_aes_256_cbc,
                                     NID_aes_256_cbc, kIterations, kNoMacYet, 0));
  if (file == nullptr) return fail(Errc::tls, "PKCS#12: {}", take_openssl_error());
  if (PKCS12_set_mac(file.get(), passphrase.c_str(), -1, nullptr, 0, kIterations, EVP_sha256()) !=
      1)
    return fail(Errc::tls, "PKCS#12: {}", take_openssl_error());
  unsigned char* der = nullptr;
  const int size = i2d_PKCS12(file.get(), &der);
  if (size < 0) return fail(Errc::tls, "PKCS#12: {}", take_openssl_error());
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

}  // namespace ravelin::certs
