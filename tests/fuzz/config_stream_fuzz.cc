// A configuration as it travels between processes: what is taken has the bytes it came from.
#include "base/check.h"
#include "system/supervise/config_stream.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace system = ravelin::system;
  const auto config = system::parse_config(std::as_bytes(std::span(data, size)));
  if (!config) return 0;
  const auto text = system::format_config(*config);
  CHECK(text.has_value());
  const auto again = system::parse_config(std::as_bytes(std::span(*text)));
  CHECK(again.has_value());
  CHECK(again->files.files.size() == config->files.files.size());
  CHECK(again->grants == config->grants);
  return 0;
}
