// Resolver: host names to addresses with the system's getaddrinfo, which blocks and cannot be
// interrupted, on a few side threads of its own. Made and used on the control thread, which gets
// its answers posted and never waits, but for a moment at the end.
#pragma once

#include "base/result.h"
#include "gateway/net/reactor.h"
#include "gateway/upstream/server.h"

#include <functional>
#include <memory>

namespace ravelin::gateway {

inline constexpr std::size_t kAddressesMax = 16;  // per name; further ones are not used

// Blocks. In the order of RFC 6724, each address once, the port filled in.
base::Result<AddressList> look_up_name(const base::NameEndpoint& endpoint);

class Resolver {
 public:
  using LookUp = base::Result<AddressList> (*)(const base::NameEndpoint&);  // on a side thread
  using Answer = std::function<void(base::Result<AddressList>)>;

  explicit Resolver(Reactor& reactor, LookUp look_up = look_up_name);
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  // Waits kEndMax at most for look-ups under way; a slower one is left to end by itself, and its
  // answer is dropped.
  ~Resolver();

  static constexpr std::chrono::milliseconds kEndMax{500};

  // `answer` is called on the reactor's thread, unless the resolver has gone by then. Every error
  // is one of the name's own (Errc::not_found, unavailable) or of the system.
  void ask(base::NameEndpoint endpoint, Answer answer);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace ravelin::gateway
