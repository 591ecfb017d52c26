#include "base/io/systemd.h"

#include "base/text.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <ctime>

namespace ravelin::base {
namespace {

constexpr int kFirstDescriptor = 3;  // SD_LISTEN_FDS_START
constexpr std::uint64_t kDescriptorsMax = 1024;

using LookUp = std::function<const char*(const char*)>;

// Nothing where the variable is not set.
Result<std::optional<std::uint64_t>> number(const LookUp& look_up, const char* name) {
  const char* text = look_up(name);
  if (text == nullptr) return std::optional<std::uint64_t>();
  const auto value = parse_u64(text);
  if (!value) return fail(Errc::invalid, "{}: \"{}\" is not a number", name, text);
  return std::optional<std::uint64_t>(*value);
}

Result<std::vector<PassedDescriptor>> descriptors(const LookUp& look_up, pid_t pid) {
  std::vector<PassedDescriptor> passed;
  const auto for_pid = number(look_up, "LISTEN_PID");
  if (!for_pid) return for_pid.error();
  const auto count = number(look_up, "LISTEN_FDS");
  if (!count) return count.error();
  if (!*count || !*for_pid || **for_pid != static_cast<std::uint64_t>(pid)) return passed;
  if (**count > kDescriptorsMax)
    return fail(Errc::invalid, "LISTEN_FDS: {} are more than {}", **count, kDescriptorsMax);
  const char* given = look_up("LISTEN_FDNAMES");
  std::string_view names = given == nullptr ? "" : given;
  for (std::uint64_t i = 0; i < **count; ++i) {
    const std::size_t colon = names.find(':');
    std::string name(given == nullptr ? "unknown" : names.substr(0, colon));
    if (given != nullptr && i + 1 < **count && colon == std::string_view::npos)
      return fail(Errc::invalid, "LISTEN_FDNAMES: fewer names than LISTEN_FDS");
    names.remove_prefix(colon == std::string_view::npos ? names.size() : colon + 1);
    passed.push_back({std::move(name), kFirstDescriptor + static_cast<int>(i)});
  }
  return passed;
}

Result<std::optional<std::chrono::microseconds>> watchdog(const LookUp& look_up, pid_t pid) {
  const auto for_pid = number(look_up, "WATCHDOG_PID");
  if (!for_pid) return for_pid.error();
  const auto every = number(look_up, "WATCHDOG_USEC");
  if (!every) return every.error();
  const bool is_ours = !*for_pid || **for_pid == static_cast<std::uint64_t>(pid);
  if (!*every || **every == 0 || !is_ours) return std::optional<std::chrono::microseconds>();
  return std::optional<std::chrono::microseconds>(**every);
}

}  // namespace

Result<ServiceEnvironment> parse_service_environment(const LookUp& look_up, pid_t pid) {
  ServiceEnvironment environment;
  if (const char* path = look_up("NOTIFY_SOCKET")) environment.notify_socket = path;
  auto passed = descriptors(look_up, pid);
  if (!passed) return passed.error();
  environment.descriptors = std::move(*passed);
  const auto every = watchdog(look_up, pid);
  if (!every) return every.error();
  environment.watchdog = *every;
  return environment;
}

std::string service_message(ServiceState state, std::chrono::microseconds monotonic) {
  switch (state) {
    case ServiceState::ready:
      return "READY=1\nSTATUS=serving";
    case ServiceState::reloading:
      return fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=reading the configuration",
                         monotonic.count());
    case ServiceState::stopping:
      return "STOPPING=1\nSTATUS=draining";
    case ServiceState::alive:
      return "WATCHDOG=1";
  }
  return {};
}

void ServiceNotifier::tell(ServiceState state) const {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  const bool is_usable = !socket_.empty() && socket_.size() < sizeof to.sun_path &&
                         (socket_.front() == '/' || socket_.front() == '@');
  if (!is_usable) return;
  std::memcpy(to.sun_path, socket_.data(), socket_.size());
  if (socket_.front() == '@') to.sun_path[0] = '\0';  // an abstract name
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const std::chrono::microseconds monotonic = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
  const std::string message = service_message(state, monotonic);
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  ::sendto(fd, message.data(), message.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to),
           length);
  ::close(fd);
}

}  // namespace ravelin::base
