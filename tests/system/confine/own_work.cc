// What a role does all day, and must still be able to.
#include "tests/system/confine/attempts.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>
#include <thread>

namespace ravelin::system {
namespace {

int read_own(const Surrounding& around) {
  return open_and_close(around.directory + "/read/file", O_RDONLY);
}

int write_own(const Surrounding& around) {
  const std::string path = around.directory + "/write/made";
  if (const int error = open_and_close(path, O_WRONLY | O_CREAT | O_TRUNC); error != 0)
    return error;
  if (::rename(path.c_str(), (path + ".moved").c_str()) != 0) return errno;
  return error_of(::unlink((path + ".moved").c_str()));
}

int make_thread(const Surrounding& around) {
  static_cast<void>(around);
  int seen = 0;
  try {
    std::thread([&seen] { seen = 1; }).join();
  } catch (const std::system_error& error) {
    return error.code().value();
  }
  return seen == 1 ? 0 : EIO;
}

int speak_on_handed(const Surrounding& around) {
  char byte = 'x';
  if (::send(around.handed[0], &byte, 1, 0) != 1) return errno;
  return ::recv(around.handed[1], &byte, 1, 0) == 1 ? 0 : errno;
}

int connect_allowed(const Surrounding& around) {
  return on_a_tcp_socket(::connect, around.connect_port);
}

constexpr Attempt kAttempts[] = {
    {"read_own", read_own},
    {"write_own", write_own},
    {"make_thread", make_thread},
    {"speak_on_handed", speak_on_handed},
    {"connect_allowed", connect_allowed},
};

}  // namespace

Attempts own_work() {
  return kAttempts;
}

}  // namespace ravelin::system
