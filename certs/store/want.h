// What is wanted of one certificate, kept beside it: renewal needs no configuration to go on. Pure;
// any thread.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

using base::Result;

struct Want {
  std::vector<std::string> names;    // the certificate's own first
  std::vector<std::string> issuers;  // in the order they are tried; empty: imported, not renewed
  std::vector<std::string> keys{"p256"};  // one per key type: "p256", "p384", "rsa2048", …
  std::string profile{};                  // of the CA, or of the own CA: "client"
  bool pins_key = false;                  // keep the key at renewal

  friend bool operator==(const Want&, const Want&) = default;
};

std::string format_want(const Want& want);  // JSON
Result<Want> parse_want(std::string_view text);

}  // namespace ravelin::certs
