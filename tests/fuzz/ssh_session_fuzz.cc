// Any text where /proc says what a process is, what a descriptor leads to, or which connections
// there are.
#include "base/check.h"
#include "firewall/control/ssh_session.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto stat = ravelin::firewall::parse_process_stat(text))
    CHECK(stat->name.size() < text.size());
  if (const auto inode = ravelin::firewall::parse_socket_link(text))
    CHECK(text.find(std::to_string(*inode)) != std::string_view::npos);
  if (const auto connection = ravelin::firewall::parse_tcp_line(text)) {
    for (const auto& end : {connection->local, connection->remote}) {
      const auto again = ravelin::base::parse_ip(ravelin::base::to_string(end.address));
      CHECK(again && *again == end.address);
    }
  }
  return 0;
}
