#include "system/keys/serve_keys.h"

#include "base/io/log.h"
#include "system/confine/credentials.h"
#include "system/keys/key_server.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

namespace ravelin::system {
namespace {

using base::Errc;

unsigned threads_for(unsigned wanted) {
  if (wanted != 0) return wanted;
  return std::clamp(std::thread::hardware_concurrency(), 2U, 4U);
}

// No key in a core file or, where this user may lock so much, in swap.
void guard_memory() {
  static_cast<void>(forbid_core_dumps());
  rlimit locked{};
  // With a limit, what is mapped later would fail.
  if (::getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur == RLIM_INFINITY)
    static_cast<void>(::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT));
}

void take_connections(KeyServer& server, messages::Received received) {
  for (base::OwnedFd& connection : received.descriptors)
    server.add(std::move(connection));
}

}  // namespace

base::Result<> run_keys(messages::SeqSocket control, const KeysOptions& options) {
  guard_memory();
  KeyDesk desk(options.gateway, options.desk);
  auto server = KeyServer::open(desk, threads_for(options.threads));
  if (!server) return server.error();
  base::log_info("keys", "ready to sign",
                 {{"keys", options.gateway.files.size()}, {"store", options.gateway.store}});
  for (;;) {
    pollfd state{control.fd(), POLLIN, 0};
    ::poll(&state, 1, -1);
    auto received = control.receive(std::chrono::milliseconds(0));
    if (!received && received.error().code == Errc::unavailable) return {};
    if (!received) return received.error();
    if (!*received) continue;
    const messages::Packet& packet = (*received)->packet;
    if (!(*received)->descriptors.empty()) {
      take_connections(**server, std::move(**received));
    } else if (std::get_if<messages::KeyCounts>(&packet.message) != nullptr && packet.id != 0) {
      static_cast<void>(control.send({.id = packet.id, .message = desk.counts()}));
    }
  }
}

}  // namespace ravelin::system
