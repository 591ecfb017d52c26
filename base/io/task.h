// Task<T>: a lazy coroutine that runs on one worker's thread and resumes whoever awaits it. It
// starts when awaited, its frame comes from the thread's frame pool, and destroying it destroys the
// frame. Exceptions never cross a task: one that escapes is a bug and ends the process.
#pragma once

#include "base/io/frame_pool.h"

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

namespace ravelin::base {

template <class T>
class Task;

namespace detail {

struct TaskPromiseBase {
  std::coroutine_handle<> continuation = std::noop_coroutine();

  static void* operator new(std::size_t bytes) { return frame_pool_allocate(bytes); }

  static void operator delete(void* frame, std::size_t bytes) noexcept {
    frame_pool_free(frame, bytes);
  }

  struct FinalAwaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }

    template <class Promise>
    [[nodiscard]] std::coroutine_handle<> await_suspend(
        std::coroutine_handle<Promise> finished) const noexcept {
      return finished.promise().continuation;
    }

    void await_resume() const noexcept {}
  };

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }

  [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return {}; }

  [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
};

template <class T>
struct TaskPromise : TaskPromiseBase {
  std::optional<T> value;

  Task<T> get_return_object() noexcept;

  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }

  T take() { return std::move(*value); }
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  Task<void> get_return_object() noexcept;

  void return_void() const noexcept {}

  void take() const noexcept {}
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) noexcept : handle_(handle) {}

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

  Task& operator=(Task&& other) = delete;
  Task(const Task&) = delete;

  ~Task() {
    if (handle_) handle_.destroy();
  }

  [[nodiscard]] bool await_ready() const noexcept { return false; }

  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
    handle_.promise().continuation = awaiting;
    return handle_;
  }

  T await_resume() { return handle_.promise().take(); }

  // Gives up ownership; only TaskGroup uses it.
  [[nodiscard]] Handle release() noexcept { return std::exchange(handle_, nullptr); }

 private:
  Handle handle_;
};

template <class T>
Task<T> detail::TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(Task<T>::Handle::from_promise(*this));
}

inline Task<void> detail::TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(Task<void>::Handle::from_promise(*this));
}

}  // namespace ravelin::base
