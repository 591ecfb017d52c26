#include "base/io/task_group.h"

namespace ravelin::base {

// The outermost frame of a spawned task: starts at once and frees itself at the end.
struct TaskGroup::Root {
  struct promise_type {
    static void* operator new(std::size_t bytes) { return frame_pool_allocate(bytes); }

    static void operator delete(void* frame, std::size_t bytes) noexcept {
      frame_pool_free(frame, bytes);
    }

    [[nodiscard]] Root get_return_object() const noexcept { return {}; }

    [[nodiscard]] std::suspend_never initial_suspend() const noexcept { return {}; }

    [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }

    void return_void() const noexcept {}

    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

TaskGroup::Root TaskGroup::run(TaskGroup& group, Task<void> task) {
  ++group.running_;
  co_await task;
  --group.running_;
}

void TaskGroup::spawn(Task<void> task) {
  run(*this, std::move(task));
}

}  // namespace ravelin::base
