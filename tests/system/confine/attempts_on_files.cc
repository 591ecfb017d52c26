// What an intruder tries on files: those it may not open, by every way round.
#include "tests/system/confine/attempts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

namespace ravelin::system {
namespace {

int read_key(const Surrounding& around) {
  return open_and_close(around.directory + "/other/key.pem", O_RDONLY);
}

int read_key_by_way_of_root(const Surrounding& around) {
  return open_and_close("/proc/self/root" + around.directory + "/other/key.pem", O_RDONLY);
}

int read_key_by_way_of_another(const Surrounding& around) {
  return open_and_close(
      fmt::format("/proc/{}/root{}/other/key.pem", around.victim, around.directory), O_RDONLY);
}

int read_key_by_a_link(const Surrounding& around) {
  const std::string link = around.directory + "/write/link";
  ::unlink(link.c_str());
  if (::symlink((around.directory + "/other/key.pem").c_str(), link.c_str()) != 0) return errno;
  return open_and_close(link, O_RDONLY);
}

int list_others(const Surrounding& around) {
  return open_and_close(around.directory + "/other", O_RDONLY | O_DIRECTORY);
}

int write_outside(const Surrounding& around) {
  return open_and_close(around.directory + "/other/made", O_WRONLY | O_CREAT);
}

int move_key(const Surrounding& around) {
  return error_of(::rename((around.directory + "/other/key.pem").c_str(),
                           (around.directory + "/write/key.pem").c_str()));
}

int truncate_key(const Surrounding& around) {
  return error_of(::truncate((around.directory + "/other/key.pem").c_str(), 0));
}

int write_own_memory(const Surrounding& around) {
  static_cast<void>(around);
  return open_and_close("/proc/self/mem", O_RDWR);
}

constexpr Attempt kFilesAttempts[] = {
    {"read_key", read_key},
    {"read_key_by_way_of_root", read_key_by_way_of_root},
    {"read_key_by_way_of_another", read_key_by_way_of_another},
    {"read_key_by_a_link", read_key_by_a_link},
    {"list_others", list_others},
    {"write_outside", write_outside},
    {"move_key", move_key},
    {"truncate_key", truncate_key},
    {"write_own_memory", write_own_memory},
};

}  // namespace

Attempts attempts_on_files() {
  return kFilesAttempts;
}

}  // namespace ravelin::system
