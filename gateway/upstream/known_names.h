// What exists, for an error that says what does not: the first names of a list. Pure.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

// "a, b, c", or the first twenty and ", ...".
inline std::string known_names(const std::vector<std::string_view>& names) {
  constexpr std::size_t kShown = 20;
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kShown));
  return fmt::format("{}{}", fmt::join(names.begin(), end, ", "),
                     names.size() > kShown ? ", ..." : "");
}

}  // namespace ravelin::gateway
