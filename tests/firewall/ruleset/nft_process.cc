#include "tests/firewall/ruleset/nft_process.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string_view>

namespace ravelin::firewall {
namespace {

struct Pipe {
  int read_end = -1, write_end = -1;
};

Pipe open_pipe() {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return {};
  return {ends[0], ends[1]};
}

void write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string read_all(int file) {
  std::string text;
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t got = read(file, buffer.data(), buffer.size());
    if (got <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

std::string in_namespace(const std::string& script) {
  const Pipe in = open_pipe();
  const Pipe out = open_pipe();
  const pid_t child = fork();
  if (child == 0) {
    dup2(in.read_end, STDIN_FILENO);
    dup2(out.write_end, STDOUT_FILENO);
    dup2(out.write_end, STDERR_FILENO);
    for (const int end : {in.read_end, in.write_end, out.read_end, out.write_end})
      close(end);
    if (unshare(CLONE_NEWNET) != 0) {
      write_all(STDOUT_FILENO, kNoNamespace);
      _exit(1);
    }
    setenv("TZ", "UTC", 1);  // nft prints hours in local time
    execl("/bin/sh", "sh", "-s", nullptr);
    _exit(127);
  }
  close(in.read_end);
  close(out.write_end);
  write_all(in.write_end, "PATH=$PATH:/usr/sbin\n" + script);
  close(in.write_end);
  std::string output = read_all(out.read_end);
  close(out.read_end);
  waitpid(child, nullptr, 0);
  return output;
}

std::string nft_batch(const std::string& text) {
  return "nft -f - <<'END_OF_BATCH'\n" + text + "\nEND_OF_BATCH\n";
}

}  // namespace ravelin::firewall
