// The parts certificates are put together from, for whoever signs some: names as text and as an
// extension, dates, serial numbers, signatures. Nothing here decides what may be signed. Any
// thread.
#pragma once

#include "certs/certificate.h"

#include <openssl/x509v3.h>

#include <span>
#include <string>
#include <string_view>

namespace ravelin::certs {

using GeneralNamesPtr = base::Handle<GENERAL_NAMES, GENERAL_NAMES_free>;

// DNS names and IP addresses as a subjectAltName, in this order. Errors: a name that is neither.
Result<GeneralNamesPtr> general_names(std::span<const std::string> names);

// A version 3 certificate with a random serial number of 128 bits (RFC 5280 section 4.1.2.2), these
// dates and this key: no subject, no issuer, no extension yet.
X509Ptr blank_certificate(EVP_PKEY* key, base::WallTime not_before, base::WallTime not_after);

void set_common_name(X509_NAME* name, std::string_view text);

enum class Critical { no, yes };

// `value` in the words of x509v3_config(5): of ours, never of others. `issuer` is asked for its key
// identifier alone.
void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value);
void add_alternative_names(X509* certificate, const GENERAL_NAMES* names, Critical critical);

// SHA-384 for keys of 384 bits and more that are no RSA keys, else SHA-256.
Result<> sign_certificate(X509* certificate, EVP_PKEY* key);

// To the second; `time` may lie after 2050.
base::Handle<ASN1_TIME, ASN1_STRING_free> to_asn1(base::WallTime time);

}  // namespace ravelin::certs
