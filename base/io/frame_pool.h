// Coroutine frames from free lists of the calling thread: a request's few tasks cost no malloc.
// Frames are freed on the thread that made them. Frames above 2 KiB come from the heap.
#pragma once

#include <array>
#include <cstddef>
#include <new>

namespace ravelin::base {

namespace detail {

inline constexpr std::size_t kFrameStep = 64;
inline constexpr std::size_t kFrameClasses = 32;     // up to 2 KiB
inline constexpr std::size_t kFramesKeptMax = 1024;  // per class and thread

struct FrameLists {
  struct Node {
    Node* next;
  };

  std::array<Node*, kFrameClasses> heads{};
  std::array<std::size_t, kFrameClasses> kept{};

  FrameLists() = default;
  FrameLists(const FrameLists&) = delete;
  FrameLists& operator=(const FrameLists&) = delete;

  ~FrameLists() {
    for (Node*& head : heads) {
      while (head != nullptr) {
        Node* const next = head->next;
        ::operator delete(head);
        head = next;
      }
    }
  }

  static FrameLists& of_this_thread() {
    thread_local FrameLists lists;
    return lists;
  }
};

}  // namespace detail

inline void* frame_pool_allocate(std::size_t bytes) {
  const std::size_t index = (bytes - 1) / detail::kFrameStep;
  if (index >= detail::kFrameClasses) return ::operator new(bytes);
  auto& lists = detail::FrameLists::of_this_thread();
  if (auto* node = lists.heads[index]) {
    lists.heads[index] = node->next;
    --lists.kept[index];
    return node;
  }
  return ::operator new((index + 1) * detail::kFrameStep);
}

inline void frame_pool_free(void* frame, std::size_t bytes) noexcept {
  const std::size_t index = (bytes - 1) / detail::kFrameStep;
  if (index < detail::kFrameClasses) {
    auto& lists = detail::FrameLists::of_this_thread();
    if (lists.kept[index] < detail::kFramesKeptMax) {
      lists.heads[index] = ::new (frame) detail::FrameLists::Node{lists.heads[index]};
      ++lists.kept[index];
      return;
    }
  }
  ::operator delete(frame);
}

}  // namespace ravelin::base
