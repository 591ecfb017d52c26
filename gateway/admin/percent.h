// Percent-encoding in the admin server's paths (RFC 3986 section 2.1). Pure.
#pragma once

#include "base/text.h"

#include <optional>
#include <string>
#include <string_view>

namespace ravelin::gateway {

// A server's name may be an address ("unix:/run/app.sock"): percent-encoded, it is one segment.
// Nothing when a "%" is not followed by two hexadecimal digits.
inline std::optional<std::string> percent_decoded(std::string_view segment) {
  std::string text;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] != '%') {
      text += segment[i];
      continue;
    }
    const int high = i + 2 < segment.size() ? base::hex_value(segment[i + 1]) : -1;
    const int low = i + 2 < segment.size() ? base::hex_value(segment[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    text += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return text;
}

}  // namespace ravelin::gateway
