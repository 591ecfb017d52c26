// Another process of this program: started with a connection to us, watched, ended. One thread.
#pragma once

#include "base/result.h"
#include "messages/channel/seq_socket.h"

#include <sys/types.h>

#include <string>
#include <vector>

namespace ravelin::system {

class Child {
 public:
  // Runs `words` (the program's path, then its arguments), with our standard streams, a process
  // group and a connection (kRoleLinkFd) of its own, and the signals as at the start.
  static base::Result<Child> start(const std::vector<std::string>& words);

  [[nodiscard]] pid_t pid() const { return pid_; }

  // Readable once it has ended.
  [[nodiscard]] int end_fd() const { return end_.get(); }

  messages::SeqSocket& link() { return link_; }

  void signal(int number) const;

  // Once it has ended: how, as waitid(2) says.
  struct End {
    bool by_signal = false;
    int number = 0;  // of the signal, or the exit status

    [[nodiscard]] std::string text() const;  // "exit status 4", "signal 9 (Killed)"
  };

  [[nodiscard]] End collect() const;
  // Of one that has nothing more to do: it has a second to end by itself.
  [[nodiscard]] End finish() const;

 private:
  Child(pid_t pid, base::OwnedFd end, messages::SeqSocket link)
      : pid_(pid), end_(std::move(end)), link_(std::move(link)) {}

  pid_t pid_;
  base::OwnedFd end_;  // a pidfd
  messages::SeqSocket link_;
};

}  // namespace ravelin::system
