#include "gateway/observe/byte_ring.h"

#include "base/check.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ravelin::gateway {

ByteRing::ByteRing(std::size_t capacity)
    : bytes_(std::make_unique_for_overwrite<char[]>(capacity)), mask_(capacity - 1) {
  CHECK(std::has_single_bit(capacity));
}

bool ByteRing::push(std::string_view bytes) noexcept {
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  if (head + bytes.size() - known_tail_ > capacity()) {
    known_tail_ = tail_.load(std::memory_order_acquire);
    if (head + bytes.size() - known_tail_ > capacity()) return false;
  }
  const std::size_t at = head & mask_;
  const std::size_t first = std::min(bytes.size(), capacity() - at);
  std::memcpy(bytes_.get() + at, bytes.data(), first);
  std::memcpy(bytes_.get(), bytes.data() + first, bytes.size() - first);
  head_.store(head + bytes.size(), std::memory_order_release);
  return true;
}

std::size_t ByteRing::waiting_at_most() const noexcept {
  return head_.load(std::memory_order_relaxed) - known_tail_;
}

std::size_t ByteRing::waiting() noexcept {
  known_tail_ = tail_.load(std::memory_order_acquire);
  return waiting_at_most();
}

std::array<std::span<const char>, 2> ByteRing::peek() const noexcept {
  const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
  const std::size_t waiting = head_.load(std::memory_order_acquire) - tail;
  const std::size_t at = tail & mask_;
  const std::size_t first = std::min(waiting, capacity() - at);
  return {std::span<const char>(bytes_.get() + at, first),
          std::span<const char>(bytes_.get(), waiting - first)};
}

void ByteRing::consume(std::size_t count) noexcept {
  tail_.store(tail_.load(std::memory_order_relaxed) + count, std::memory_order_release);
}

bool ByteRing::is_empty() const noexcept {
  return head_.load(std::memory_order_acquire) == tail_.load(std::memory_order_acquire);
}

}  // namespace ravelin::gateway
