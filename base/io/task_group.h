// TaskGroup: the owner of every spawned coroutine of one worker. Refuses new ones once draining,
// knows when the last one has ended. One thread.
#pragma once

#include "base/io/task.h"

#include <cstddef>

namespace ravelin::base {

class TaskGroup {
 public:
  TaskGroup() = default;
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts `task` now; it runs until its first suspension before spawn returns. The task's frame
  // frees itself when it ends. Everything it uses must be its own or outlive the group.
  void spawn(Task<void> task);

  [[nodiscard]] std::size_t running() const { return running_; }

 private:
  struct Root;
  static Root run(TaskGroup& group, Task<void> task);

  std::size_t running_ = 0;
};

}  // namespace ravelin::base
