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

// With these descriptors, signals as at the start, in a process group of its own.
int spawn(std::span<const std::string> words, char* const* environment,
          const posix_spawn_file_actions_t& files, pid_t& pid) {
  posix_spawnattr_t how;
  ::posix_spawnattr_init(&how);
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
                                  pointers_to(words).data(), environment);
  ::posix_spawnattr_destroy(&how);
  return error;
}

}  // namespace

int spawn_program(std::span<const std::string> words, std::span<const std::string> environment,
                  int output, pid_t& pid) {
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  const bool is_silent = output == kNoOutput;
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null",
                                     is_silent ? O_RDWR : O_RDONLY, 0);
  const int written_to = is_silent ? STDIN_FILENO : output;
  ::posix_spawn_file_actions_adddup2(&files, written_to, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, written_to, STDERR_FILENO);
  ::posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  const int error = spawn(words, pointers_to(environment).data(), files, pid);
  ::posix_spawn_file_actions_destroy(&files);
  return error;
}

int spawn_linked(std::span<const std::string> words, int link, pid_t& pid) {
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_adddup2(&files, link, kSpawnLink);
  ::posix_spawn_file_actions_addclosefrom_np(&files, kSpawnLink + 1);
  const int error = spawn(words, ::environ, files, pid);
  ::posix_spawn_file_actions_destroy(&files);
  return error;
}

}  // namespace ravelin::base
