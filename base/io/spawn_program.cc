#include "base/io/spawn_program.h"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <csignal>
#include <vector>

namespace ravelin::base {
namespace {

std::vector<char*> pointers_to(std::span<const std::string> texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts)
    pointers.push_back(const_cast<char*>(text.c_str()));  // the interface of exec(3)
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

int spawn_program(std::span<const std::string> words, std::span<const std::string> environment,
                  int output, pid_t& pid) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t how;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&how);
  const bool is_silent = output == kNoOutput;
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null",
                                     is_silent ? O_RDWR : O_RDONLY, 0);
  const int written_to = is_silent ? STDIN_FILENO : output;
  ::posix_spawn_file_actions_adddup2(&files, written_to, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, written_to, STDERR_FILENO);
  ::posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&how, &none);
  ::posix_spawnattr_setsigdefault(&how, &all);
  ::posix_spawnattr_setpgroup(&how, 0);
  ::posix_spawnattr_setflags(
      &how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const int error = ::posix_spawn(&pid, words.front().c_str(), &files, &how,
                                  pointers_to(words).data(), pointers_to(environment).data());
  ::posix_spawnattr_destroy(&how);
  ::posix_spawn_file_actions_destroy(&files);
  return error;
}

}  // namespace ravelin::base
