// SideTask: a task that runs beside the coroutine that owns it and never outlives it: destroying it
// ends the task wherever it waits, with everything its frames hold. One worker's thread.
#pragma once

#include "base/io/task.h"
#include "gateway/net/waiter.h"

#include <coroutine>
#include <cstddef>
#include <exception>
#include <utility>

namespace ravelin::gateway {

class SideTask {
 public:
  SideTask() = default;
  SideTask(const SideTask&) = delete;
  SideTask& operator=(const SideTask&) = delete;

  ~SideTask() { end(); }

  // Runs `task` until its first suspension before this returns. None may be there already. What the
  // task uses outlives this.
  void start(base::Task<void> task) {
    CHECK(handle_ == nullptr);
    handle_ = run(*this, std::move(task)).handle;
    handle_.resume();
  }

  // Ends it where it waits. Not called by the task itself, nor by whom it resumes before its end.
  void end() {
    if (waiter_ != nullptr) waiter_->forget(waiter_);
    if (handle_ != nullptr) std::exchange(handle_, nullptr).destroy();
  }

  [[nodiscard]] bool is_running() const { return handle_ != nullptr && !handle_.done(); }

  // A waiter that is attached here is fired when the task has ended by itself.
  Waiter*& end_slot() { return waiter_; }

 private:
  // The task's outermost frame. Its end resumes the owner while it is suspended for good: the owner
  // may then destroy it.
  struct Root {
    struct promise_type {
      promise_type(SideTask& side, base::Task<void>& /*task*/) : owner(side) {}

      static void* operator new(std::size_t bytes) { return base::frame_pool_allocate(bytes); }

      static void operator delete(void* frame, std::size_t bytes) noexcept {
        base::frame_pool_free(frame, bytes);
      }

      Root get_return_object() noexcept {
        return {std::coroutine_handle<promise_type>::from_promise(*this)};
      }

      [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }

      struct TellOwner {
        [[nodiscard]] bool await_ready() const noexcept { return false; }

        void await_suspend(std::coroutine_handle<promise_type> ended) const noexcept {
          Waiter* const waiter = ended.promise().owner.waiter_;
          if (waiter != nullptr) waiter->fire(Wake::ready);
        }

        void await_resume() const noexcept {}
      };

      [[nodiscard]] TellOwner final_suspend() const noexcept { return {}; }

      void return_void() const noexcept {}

      [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }

      SideTask& owner;
    };

    std::coroutine_handle<promise_type> handle;
  };

  static Root run(SideTask& /*owner*/, base::Task<void> task) { co_await task; }

  std::coroutine_handle<Root::promise_type> handle_;
  Waiter* waiter_ = nullptr;
};

}  // namespace ravelin::gateway
