// Any text as a packet to explain: words of known keys, or an error in words.
#include "base/check.h"
#include "firewall/control/packet_text.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto packet = ravelin::firewall::parse_packet_text(text);
  if (!packet) {
    CHECK(!packet.error().message.empty());
    return 0;
  }
  CHECK(packet->words.size() <= 5);
  for (const auto& word : packet->words)
    CHECK(!word.key.empty() && !word.value.empty() &&
          text.substr(static_cast<std::size_t>(word.column) - 1).starts_with(word.key + "="));
  return 0;
}
