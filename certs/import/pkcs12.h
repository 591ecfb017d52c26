// PKCS#12: one key, its certificate and those above it in one file, as other programs hand them out
// and take them. Pure but for random numbers; any thread.
#pragma once

#include "certs/certificate.h"

#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

struct Pkcs12Contents {
  KeyPtr key;                         // may be null
  std::vector<X509Ptr> certificates;  // in the order of the file
};

// nullptr passphrase: the file is opened if it has none. `name` is the file as the operator knows
// it. Errors begin with a code: E_CERT_PARSE, E_KEY_ENCRYPTED (a passphrase is needed, or it is
// another), E_PKCS12_LEGACY (a cipher OpenSSL 3 has no more; with the command that makes a new
// file).
Result<Pkcs12Contents> read_pkcs12(std::string_view der, const std::string* passphrase,
                                   std::string_view name);

// Whether the bytes are those of a PKCS#12 file.
bool is_pkcs12(std::string_view der);

// PBES2 with AES-256-CBC for key and certificates, HMAC-SHA256 over both. `label` is what programs
// show. Errors: texts that do not parse or do not belong together.
Result<std::string> make_pkcs12(std::string_view chain_pem, std::string_view key_pem,
                                const std::string& passphrase, const std::string& label);

}  // namespace ravelin::certs
