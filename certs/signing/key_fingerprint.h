// The SHA-256 of a key's SubjectPublicKeyInfo, as CertificateInfo::spki_sha256 has it. Any thread.
#pragma once

#include "certs/certificate.h"

#include <span>
#include <string>

namespace ravelin::certs {

// Lower case hex, of its public half; "" = it has none.
std::string key_fingerprint(const EVP_PKEY* key);

// Of the key of a certificate in DER; "" = it is none.
std::string key_fingerprint(std::span<const unsigned char> certificate);

}  // namespace ravelin::certs
