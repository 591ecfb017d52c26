// The bytes that backend and load generator agree on, so that a body damaged on its way is noticed.
#pragma once

#include <cstddef>
#include <string>

namespace ravelin::bench {

inline constexpr std::size_t kBodyBytesMax = 16 * 1024 * 1024;

// The first `bytes` bytes of every body. The period, 61, divides no power of two: a lost or doubled
// record shifts the text.
inline std::string body_pattern(std::size_t bytes) {
  std::string body(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i)
    body[i] = static_cast<char>('0' + i % 61);
  return body;
}

}  // namespace ravelin::bench
