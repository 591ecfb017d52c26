// Names to addresses by the system's resolver, which blocks as long as it likes: it does so on a
// thread of its own, and whoever asks waits no longer than its patience.
#pragma once

#include "certs/acme/patience.h"

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ravelin::certs::acme {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

// One thread at a time. The destructor waits for a lookup that is still under way (the system's
// own limits, seconds by default).
class Resolver {
 public:
  Resolver();
  Resolver(Resolver&&) noexcept;
  Resolver& operator=(Resolver&&) noexcept;
  ~Resolver();

  // Never empty. Errors: no such name, no answer in time, stopped.
  Result<std::vector<SocketAddress>> resolve(const std::string& host, std::uint16_t port,
                                             const Patience& patience);

 private:
  struct Lookup;
  std::unique_ptr<Lookup> running_;
};

}  // namespace ravelin::certs::acme
