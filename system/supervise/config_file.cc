#include "system/supervise/config_file.h"

#include "messages/channel/seq_socket.h"

namespace ravelin::system {

base::Result<ConfigSnapshot> read_config_file(int fd) {
  const auto text = messages::read_memory_file(fd, kConfigBytesMax);
  if (!text) return text.error();
  return parse_config(std::as_bytes(std::span(*text)));
}

}  // namespace ravelin::system
