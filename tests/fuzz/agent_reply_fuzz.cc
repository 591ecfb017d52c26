// What an agent beside a server says: any bytes are a reply within its limits, or an error.
#include "base/check.h"
#include "gateway/upstream/agent_reply.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const auto reply = ravelin::gateway::parse_agent_reply(line);
  if (!reply) return 0;
  CHECK(!reply->weight_percent || (*reply->weight_percent >= 0 && *reply->weight_percent <= 256));
  CHECK(reply->why.size() <= 100);
  CHECK(std::all_of(reply->why.begin(), reply->why.end(),
                    [](char c) { return c >= ' ' && c <= '~'; }));
  return 0;
}
