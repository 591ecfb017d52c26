// Requests to a CA as signed objects: JSON Web Signatures in flattened form over a P-256 key
// (RFC 7515, RFC 8555 section 6.2). Pure over keys that are given; any thread. What is signed never
// reaches an error text.
#pragma once

#include "base/result.h"
#include "certs/handles.h"

#include <string>
#include <string_view>

// A namespace of its own: what ACME calls an order, an account or a status is not what the rest of
// certs/ calls one.
namespace ravelin::certs::acme {

using base::Result;

// A fresh P-256 key, the one kind every CA takes.
KeyPtr make_account_key();
// Whether ES256 can be signed with it.
bool is_account_key(const EVP_PKEY* key);

// {"crv":"P-256","kty":"EC","x":…,"y":…}: the public half, in the order RFC 7638 hashes.
std::string jwk(const EVP_PKEY* key);
// base64url of SHA-256 over the JWK (RFC 7638).
std::string thumbprint(const EVP_PKEY* key);

// Who signs: an account the CA knows by its URL, or (kid empty) a key it has yet to meet.
struct Signer {
  EVP_PKEY* key = nullptr;  // borrowed
  std::string kid{};
};

// The body of a POST; an empty payload is POST-as-GET.
std::string sign_request(const Signer& signer, std::string_view url, std::string_view nonce,
                         std::string_view payload);

// What binds a new account to one the CA knows by other means (RFC 8555 section 7.3.4).
struct ExternalAccount {
  std::string kid;
  std::string hmac_key;  // the bytes, not their base64url
};

std::string sign_binding(const ExternalAccount& external, const EVP_PKEY* account_key,
                         std::string_view new_account_url);

// The payload of keyChange (RFC 8555 section 7.3.5): signed by the new key, names the old one.
std::string sign_key_change(EVP_PKEY* new_key, const EVP_PKEY* old_key,
                            std::string_view account_url, std::string_view key_change_url);

// ---- the two algorithms (RFC 7518 section 3), base64url ----
std::string hs256(std::string_view key, std::string_view input);
std::string es256(EVP_PKEY* key, std::string_view input);

}  // namespace ravelin::certs::acme
