#include "base/io/systemd.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <map>
#include <string>

namespace ravelin::base {
namespace {

using namespace std::chrono_literals;

using Variables = std::map<std::string, std::string>;

Result<ServiceEnvironment> parse(const Variables& variables) {
  const auto look_up = [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
  return parse_service_environment(look_up, 77);
}

// "web=3 plain=4 | notify | 30", or what is wrong.
std::string read(const Variables& variables) {
  const auto environment = parse(variables);
  if (!environment) return environment.error().message;
  std::string text;
  for (const auto& [name, fd] : environment->descriptors)
    text += fmt::format("{}={} ", name, fd);
  return text + "| " + environment->notify_socket + " | " +
         (environment->watchdog ? std::to_string(environment->watchdog->count()) : "");
}

TEST(ServiceEnvironment, IsWhatTheServiceManagerSaysToThisProcess) {
  struct Case {
    const char* name;
    Variables variables;
    const char* expected;
  };

  const Case cases[] = {
      {"nothing", {}, "|  | "},
      {"two sockets",
       {{"LISTEN_PID", "77"}, {"LISTEN_FDS", "2"}, {"LISTEN_FDNAMES", "web:plain"}},
       "web=3 plain=4 |  | "},
      {"a name twice",
       {{"LISTEN_PID", "77"}, {"LISTEN_FDS", "2"}, {"LISTEN_FDNAMES", "web:web"}},
       "web=3 web=4 |  | "},
      {"no names", {{"LISTEN_PID", "77"}, {"LISTEN_FDS", "1"}}, "unknown=3 |  | "},
      {"another process", {{"LISTEN_PID", "78"}, {"LISTEN_FDS", "1"}}, "|  | "},
      {"no process", {{"LISTEN_FDS", "1"}}, "|  | "},
      {"notify and watchdog",
       {{"NOTIFY_SOCKET", "@x"}, {"WATCHDOG_USEC", "30000000"}, {"WATCHDOG_PID", "77"}},
       "| @x | 30000000"},
      {"another's watchdog", {{"WATCHDOG_USEC", "1"}, {"WATCHDOG_PID", "1"}}, "|  | "},
      {"watchdog off", {{"WATCHDOG_USEC", "0"}}, "|  | "},
      {"no number",
       {{"LISTEN_PID", "77"}, {"LISTEN_FDS", "x"}},
       "LISTEN_FDS: \"x\" is not a number"},
      {"too many",
       {{"LISTEN_PID", "77"}, {"LISTEN_FDS", "1025"}},
       "LISTEN_FDS: 1025 are more than 1024"},
      {"too few names",
       {{"LISTEN_PID", "77"}, {"LISTEN_FDS", "2"}, {"LISTEN_FDNAMES", "web"}},
       "LISTEN_FDNAMES: fewer names than LISTEN_FDS"},
      {"bad watchdog", {{"WATCHDOG_USEC", "-1"}}, "WATCHDOG_USEC: \"-1\" is not a number"},
  };
  for (const Case& each : cases)
    EXPECT_EQ(read(each.variables), each.expected) << each.name;
}

TEST(ServiceMessage, IsInTheWordsOfSdNotify) {
  EXPECT_EQ(service_message(ServiceState::ready, 5us), "READY=1\nSTATUS=serving");
  EXPECT_EQ(service_message(ServiceState::reloading, 1234us),
            "RELOADING=1\nMONOTONIC_USEC=1234\nSTATUS=reading the configuration");
  EXPECT_EQ(service_message(ServiceState::stopping, 5us), "STOPPING=1\nSTATUS=draining");
  EXPECT_EQ(service_message(ServiceState::alive, 5us), "WATCHDOG=1");
}

// A datagram socket at an abstract name of its own.
class Manager {
 public:
  Manager() : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un own{};
    own.sun_family = AF_UNIX;
    std::memcpy(own.sun_path + 1, name_.data(), name_.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name_.size());
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&own), length), 0);
  }

  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  ~Manager() { ::close(fd_); }

  [[nodiscard]] std::string path() const { return "@" + name_; }

  [[nodiscard]] std::string heard() const {
    char message[256];
    const ssize_t size = ::recv(fd_, message, sizeof message, 0);
    return size < 0 ? "" : std::string(message, static_cast<std::size_t>(size));
  }

 private:
  std::string name_ = "ravelin-test-" + std::to_string(::getpid());
  int fd_;
};

TEST(ServiceNotifier, TellsWhoeverListensAndNobodyElse) {
  const Manager manager;
  ServiceNotifier(manager.path()).tell(ServiceState::alive);
  EXPECT_EQ(manager.heard(), "WATCHDOG=1");
  ServiceNotifier("").tell(ServiceState::alive);
  ServiceNotifier("vsock:2:1").tell(ServiceState::alive);
  ServiceNotifier("@nobody-" + std::to_string(::getpid())).tell(ServiceState::alive);
  ServiceNotifier("/" + std::string(200, 'x')).tell(ServiceState::alive);
  EXPECT_EQ(manager.heard(), "");
}

}  // namespace
}  // namespace ravelin::base
