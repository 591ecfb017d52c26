// Private keys under a passphrase (PKCS#8, EncryptedPrivateKeyInfo of RFC 5958). Pure; any thread.
#pragma once

#include "certs/certificate.h"

#include <string>
#include <string_view>

namespace ravelin::certs {

// How much work a file may ask for before its passphrase is known to be right.
inline constexpr long kKeyRoundsMax = 2'000'000;

// Whether the bytes are one such key and nothing else.
bool is_sealed_key(std::string_view der);

// Errors begin with a code: E_KEY_PARSE (no such key, more rounds than kKeyRoundsMax),
// E_KEY_ENCRYPTED (the passphrase is another, or the cipher is one OpenSSL no longer has).
Result<KeyPtr> open_sealed_key(std::string_view der, const std::string& passphrase,
                               std::string_view name);

}  // namespace ravelin::certs
