#include "tests/system/confine/attempts.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>

namespace ravelin::system {

int error_of(long result) {
  return result < 0 ? errno : 0;
}

int open_and_close(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  const int error = error_of(fd);
  if (fd >= 0) ::close(fd);
  return error;
}

int on_a_tcp_socket(SocketCall call, std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int error = error_of(call(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address));
  ::close(fd);
  return error;
}

}  // namespace ravelin::system
