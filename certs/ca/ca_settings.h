// ca.json: what was said when the certificate authority was made and stands in no certificate.
// Pure.
#pragma once

#include "base/result.h"

#include <chrono>
#include <string>
#include <string_view>

namespace ravelin::certs {

using base::Result;

inline constexpr std::chrono::seconds kLeafLifetimeMin{std::chrono::hours(1)};
inline constexpr std::chrono::seconds kLeafLifetimeMax{std::chrono::hours(24 * 60)};
inline constexpr std::size_t kCaNameMax = 40;  // bytes; the certificates put a few words behind it

struct CaSettings {
  std::string name = "Ravelin own CA";
  std::chrono::seconds leaf_lifetime{std::chrono::hours(24 * 7)};

  friend bool operator==(const CaSettings&, const CaSettings&) = default;
};

// Errors: a name that is empty, too long or has control characters; a lifetime out of bounds.
Result<> check_settings(const CaSettings& settings);

std::string format_settings(const CaSettings& settings);
// Errors name `file`.
Result<CaSettings> parse_settings(std::string_view text, std::string_view file);

}  // namespace ravelin::certs
