// Bytes from another process: whatever decode() takes must encode to the same bytes, mean the same
// when read again, and print as one line.
#include "base/check.h"
#include "messages/codec.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ravelin::messages;
  const auto bytes = std::as_bytes(std::span(data, size));
  // The transport says how many descriptors came; take the message at its word.
  const std::size_t descriptors = size > 13 ? data[12] + std::size_t{data[13]} * 256 : 0;
  const auto packet = decode(bytes, descriptors);
  if (!packet) {
    CHECK(!packet.error().message.empty());
    return 0;
  }
  const auto again = encode(*packet);
  CHECK(again);
  CHECK(std::ranges::equal(*again, bytes));
  CHECK(*decode(*again, descriptors) == *packet);
  const std::string line = to_string(packet->message);
  CHECK(std::ranges::all_of(line, [](char c) { return c >= ' ' && c <= '~'; }));
  return 0;
}
