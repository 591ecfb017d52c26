#include "gateway/net/passed_sockets.h"

#include "base/text.h"
#include "gateway/net/stream_options.h"

#include <fcntl.h>

#include <algorithm>

namespace ravelin::gateway {
namespace {

using base::Errc;
using base::fail;
using base::Result;

int socket_option(int fd, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
}

}  // namespace

Result<PassedSockets> PassedSockets::take(const std::vector<base::PassedDescriptor>& descriptors) {
  PassedSockets passed;
  for (const auto& [name, fd] : descriptors)
    passed.sockets_.emplace_back(name, OwnedFd(fd));
  for (const auto& [name, fd] : passed.sockets_) {
    if (socket_option(fd.get(), SO_TYPE) != SOCK_STREAM ||
        socket_option(fd.get(), SO_ACCEPTCONN) != 1)
      return fail(Errc::invalid, "passed descriptor {} (\"{}\") is no listening stream socket",
                  fd.get(), name);
    const int flags = ::fcntl(fd.get(), F_GETFL);
    if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0 ||
        ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0)
      return base::fail_errno(errno, fmt::format("passed descriptor {}", fd.get()));
    const int domain = socket_option(fd.get(), SO_DOMAIN);
    if (domain == AF_INET || domain == AF_INET6) set_stream_options(fd.get());
  }
  return passed;
}

std::vector<std::string> PassedSockets::names() const {
  std::vector<std::string> all;
  for (const auto& [name, fd] : sockets_) {
    if (std::ranges::find(all, name) == all.end()) all.push_back(name);
  }
  return all;
}

Result<std::vector<int>> PassedSockets::find(const std::string& name) const {
  std::vector<int> found;
  for (const auto& [own, fd] : sockets_) {
    if (own == name) found.push_back(fd.get());
  }
  if (!found.empty()) return found;
  const std::vector<std::string> known = names();
  return fail(Errc::not_found, "no socket \"{}\" was passed by the service manager (passed: {})",
              name, known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", ")));
}

}  // namespace ravelin::gateway
