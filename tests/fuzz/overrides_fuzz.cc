// Any bytes as the file of the operator's orders: findings or a set, never a throw, a crash or a
// hang. What is accepted is written and read back as the same set. The same bytes as a server the
// operator adds, and as a file of servers.
#include "base/check.h"
#include "gateway/config/servers_file.h"
#include "gateway/discovery/overrides_text.h"

#include <cstdint>
#include <string_view>

namespace {

using ravelin::base::Diagnostics;
using ravelin::gateway::format_overrides;
using ravelin::gateway::OverrideSet;
using ravelin::gateway::parse_overrides;
using ravelin::gateway::parse_server_json;
using ravelin::gateway::parse_servers_file;

void check_findings(const Diagnostics& diagnostics) {
  for (const auto& finding : diagnostics.findings())
    CHECK(!finding.message.empty() && finding.message.size() < 16 * 1024);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Diagnostics of_orders;
  const OverrideSet set = parse_overrides(text, "/orders", of_orders);
  check_findings(of_orders);
  if (!of_orders.has_errors()) {
    Diagnostics again;
    CHECK(parse_overrides(format_overrides(set), "/orders", again) == set);
    CHECK(!again.has_errors());
  }
  const auto server = parse_server_json(text);
  CHECK(server || !server.error().message.empty());
  Diagnostics of_servers;
  ravelin::gateway::PoolConfig pool;
  const auto servers = parse_servers_file(text, "/servers", pool, of_servers);
  check_findings(of_servers);
  CHECK(servers.has_value() == !of_servers.has_errors());
  return 0;
}
