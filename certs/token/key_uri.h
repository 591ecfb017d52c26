// The name of a private key in a token: RFC 7512, "pkcs11:token=web;object=www;type=private". Pure;
// any thread.
#pragma once

#include "base/result.h"

#include <p11-kit/pkcs11.h>

#include <optional>
#include <string>
#include <string_view>

namespace ravelin::certs {

using base::Result;

// Holds no PIN, so it may be shown.
struct KeyUri {
  std::string text;                   // as written
  std::string module_path;            // absolute; "" = of the modules this host has configured
  std::optional<std::string> object;  // CKA_LABEL
  std::optional<std::string> id;      // CKA_ID, bytes

  friend bool operator==(const KeyUri&, const KeyUri&) = default;
};

// Errors: not such a URI, an attribute nobody knows, a PIN in it, something else than a private
// key, neither `object` nor `id`.
Result<KeyUri> parse_key_uri(std::string_view text);

// What a module says of itself and of one of its slots.
struct SlotFacts {
  CK_INFO module{};
  CK_SLOT_ID id = 0;
  CK_SLOT_INFO slot{};
  CK_TOKEN_INFO token{};
};

bool is_named_by(const KeyUri& uri, const SlotFacts& facts);

// By label, serial number and maker.
bool is_same_token(const CK_TOKEN_INFO& a, const CK_TOKEN_INFO& b);

// The label of a token, without the blanks behind it.
std::string label_of(const CK_TOKEN_INFO& token);

}  // namespace ravelin::certs
