// A process that outlives the agent: it waits until an unconfirmed change is settled, and when the
// agent dies before that, it puts the confirmed revision back. Forked while the agent has one
// thread, or one more that asks a resolver (FactsWatch): fork() makes memory safe for the other
// process, and that asks no resolver.
#pragma once

#include "base/io/owned_fd.h"
#include "base/result.h"

#include <sys/types.h>

#include <functional>

namespace ravelin::firewall {

class Guard {
 public:
  Guard() = default;
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard();  // disarms

  // `undo` runs in the other process once this one is gone without disarm(). It must not use what
  // this process has open but for standard error: all other descriptors are closed there.
  base::Result<> arm(const std::function<void()>& undo);
  void disarm();

  [[nodiscard]] bool is_armed() const { return child_ > 0; }

 private:
  pid_t child_ = -1;
  base::OwnedFd alive_;  // the writing end of a pipe: closed by our death
};

}  // namespace ravelin::firewall
