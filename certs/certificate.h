// A certificate chain and its private key as immutable objects: parsed from PEM, described as plain
// values. Shared read-only between threads once built. Key material never reaches an error text.
#pragma once

#include "base/address.h"
#include "base/clock.h"
#include "base/result.h"
#include "certs/handles.h"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

using base::Result;

inline constexpr std::size_t kPemBytesMax = std::size_t{1024} * 1024;
inline constexpr int kChainCertificatesMax = 10;

enum class KeyType { ec, rsa, other };

// Keys that are never served again, by spki_sha256.
using RevokedKeys = std::set<std::string, std::less<>>;

// What a certificate says, as values.
struct CertificateInfo {
  std::vector<std::string> dns_names;  // SAN dNSName, lower case; wildcards as written
  std::vector<base::IpAddress> ip_names;
  base::WallTime not_before;
  base::WallTime not_after;
  KeyType key_type = KeyType::other;
  int key_bits = 0;
  std::string subject;      // RFC 2253 text
  std::string issuer;       // RFC 2253 text
  std::string serial;       // upper case hex
  std::string spki_sha256;  // lower case hex of SHA-256 over the SubjectPublicKeyInfo
  bool is_ca = false;
  bool is_self_signed = false;
};

CertificateInfo describe(const X509* certificate);
KeyType key_type(const EVP_PKEY* key);

// A leaf and the certificates above it in sending order; `intermediates` is never null.
struct Chain {
  X509Ptr leaf;
  X509StackPtr intermediates;
  CertificateInfo info;  // of the leaf
};

// A chain with the key of its leaf. Whoever builds one has checked that they match
// (certs/validate_pair.h).
struct CertificatePair {
  Chain chain;
  KeyPtr key;
};

using PairPtr = std::shared_ptr<const CertificatePair>;

// Reads PEM text: leaf first, then intermediates, at most kChainCertificatesMax. `name` is the file
// as the operator knows it. Errors: too large, no certificate, a private key inside, a block that
// does not parse.
Result<Chain> parse_chain(std::string_view pem, std::string_view name);

// Reads the first private key of a PEM text. Errors: none there, encrypted, does not parse.
Result<KeyPtr> parse_key(std::string_view pem, std::string_view name);

struct OpenedKey {
  KeyPtr key;
  bool was_encrypted = false;
};

// The same, of a key that may be under a passphrase: PKCS#8 (RFC 5958) or the way of before it.
// Errors begin with a code: E_KEY_PARSE, E_KEY_ENCRYPTED (the passphrase is another).
Result<OpenedKey> open_key(std::string_view pem, const std::string& passphrase,
                           std::string_view name);

// All certificates of a PEM bundle (a CA file). Errors as parse_chain; no limit on the count but
// kPemBytesMax.
Result<std::vector<X509Ptr>> parse_bundle(std::string_view pem, std::string_view name);

// The CRLs of a PEM text. Errors: none there, one that does not parse.
Result<std::vector<CrlPtr>> parse_crls(std::string_view pem, std::string_view name);

// One block of PEM text: "CERTIFICATE" and its bytes. May hold a key: wiped when it goes.
struct PemBlock {
  std::string label;
  std::string der;

  PemBlock() = default;
  PemBlock(std::string label_text, std::string der_bytes);
  PemBlock(const PemBlock&) = delete;
  PemBlock& operator=(const PemBlock&) = delete;
  PemBlock(PemBlock&&) noexcept = default;
  PemBlock& operator=(PemBlock&&) noexcept = default;
  ~PemBlock();
};

// All blocks in order, without looking into them. Errors: none there, one that is broken or
// encrypted.
Result<std::vector<PemBlock>> decode_pem(std::string_view pem, std::string_view name);

std::string to_pem(const X509* certificate);
std::string to_pem(const X509_CRL* crl);
std::string to_pem(const Chain& chain);
// PKCS#8, unencrypted: for files of mode 0600 only, never for a log or an error.
std::string key_to_pem(const EVP_PKEY* key);

// "2026-12-24 18:00:00 UTC"
std::string format_time(base::WallTime time);
base::WallTime to_wall_time(const ASN1_TIME* time);

}  // namespace ravelin::certs
