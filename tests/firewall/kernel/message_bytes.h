// Messages of a batch taken apart again, and short ways to say bytes.
#pragma once

#include "firewall/kernel/batch.h"

#include <string>
#include <vector>

namespace ravelin::firewall {

// "0a0000ff" for any bytes.
inline std::string hexadecimal(ByteSpan bytes) {
  std::string out;
  for (const std::uint8_t byte : bytes)
    out += fmt::format("{:02x}", byte);
  return out;
}

inline Bytes from_hexadecimal(std::string_view text) {
  const auto digit = [](char c) {
    return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
  };
  Bytes out;
  std::string digits;
  for (const char c : text)
    if (c != ' ' && c != '\n') digits += c;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(digit(digits[i]) << 4 | digit(digits[i + 1])));
  return out;
}

// All messages of a batch but its begin.
inline std::vector<ByteSpan> messages_of(const Batch& batch) {
  std::vector<ByteSpan> out;
  for (std::uint32_t sequence = batch.first_sequence() + 1; batch.find(sequence) != nullptr;
       ++sequence)
    out.push_back(batch.message(*batch.find(sequence)));
  return out;
}

}  // namespace ravelin::firewall
