// The service manager's side of the process, in systemd's words: sockets it passes
// (sd_listen_fds(3)), states it is told (sd_notify(3)), signs of life it wants
// (sd_watchdog_enabled(3)). All of it is in the environment; without that nothing here does
// anything.
#pragma once

#include "base/result.h"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::base {

struct PassedDescriptor {
  std::string name;
  int fd = -1;
};

struct ServiceEnvironment {
  std::string notify_socket;                          // "" = nobody wants to be told
  std::optional<std::chrono::microseconds> watchdog;  // a sign of life at least this often
  std::vector<PassedDescriptor> descriptors;
};

// `look_up` gives a variable's value, or null. What is meant for another process than `pid` is left
// out. Errors: a number that is none, more than 1024 descriptors, fewer names than descriptors.
Result<ServiceEnvironment> parse_service_environment(
    const std::function<const char*(const char*)>& look_up, pid_t pid);

enum class ServiceState : std::uint8_t {
  ready,  // also after a reload
  reloading,
  stopping,
  alive,
};

// The message for it. `monotonic`: of CLOCK_MONOTONIC, which a reload carries.
std::string service_message(ServiceState state, std::chrono::microseconds monotonic);

// Tells the service manager. Never blocks; what cannot be told is not.
class ServiceNotifier {
 public:
  explicit ServiceNotifier(std::string socket) : socket_(std::move(socket)) {}

  void tell(ServiceState state) const;

 private:
  std::string socket_;
};

}  // namespace ravelin::base
