#include "certs/acme/resolver.h"

#include "base/address.h"

#include <netdb.h>

#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>

namespace ravelin::certs::acme {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kAddressesMax = 16;

Result<std::vector<SocketAddress>> look_up(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0)
    return fail(Errc::unavailable, "looking up {}: {}", host, ::gai_strerror(failed));
  std::vector<SocketAddress> addresses;
  for (const addrinfo* at = found; at != nullptr && addresses.size() < kAddressesMax;
       at = at->ai_next) {
    SocketAddress address;
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.size = at->ai_addrlen;
    addresses.push_back(address);
  }
  ::freeaddrinfo(found);
  if (addresses.empty()) return fail(Errc::unavailable, "looking up {}: no address", host);
  return addresses;
}

}  // namespace

struct Resolver::Lookup {
  Lookup(std::string of, std::uint16_t at) : host(std::move(of)), port(at) {}

  void run() {
    auto found = look_up(host, port, AI_ADDRCONFIG);
    const std::lock_guard lock(mutex);
    result = std::move(found);
    done.notify_all();
  }

  const std::string host;
  const std::uint16_t port;
  std::mutex mutex;
  std::condition_variable_any done;
  std::optional<Result<std::vector<SocketAddress>>> result;
  std::jthread thread{&Lookup::run, this};  // last: it uses all of the above
};

Resolver::Resolver() = default;
Resolver::Resolver(Resolver&&) noexcept = default;
Resolver& Resolver::operator=(Resolver&&) noexcept = default;
Resolver::~Resolver() = default;

Result<std::vector<SocketAddress>> Resolver::resolve(const std::string& host, std::uint16_t port,
                                                     const Patience& patience) {
  if (base::parse_ip(host)) return look_up(host, port, AI_NUMERICHOST);  // does not block
  // A lookup that outlived the patience of who asked may be answered by now, and may be ours.
  const bool same = running_ != nullptr && running_->host == host && running_->port == port;
  if (!same) running_ = std::make_unique<Lookup>(host, port);
  std::unique_lock lock(running_->mutex);
  const bool done = running_->done.wait_for(lock, patience.stop, patience.left(),
                                            [this] { return running_->result.has_value(); });
  if (!done && patience.stop.stop_requested())
    return fail(Errc::unavailable, "looking up {}: stopped", host);
  if (!done) return fail(Errc::timeout, "looking up {}: no answer in time", host);
  auto result = std::move(*running_->result);
  lock.unlock();
  running_.reset();
  return result;
}

}  // namespace ravelin::certs::acme
