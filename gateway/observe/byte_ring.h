// ByteRing: a bounded stream of bytes from one thread to one other, without locks. Writes are whole
// or not at all. The producer is a worker, the consumer the access log's writer.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace ravelin::gateway {

class ByteRing {
 public:
  // `capacity` is a power of two. The memory is touched only as it is used.
  explicit ByteRing(std::size_t capacity);

  // Producer. False, and nothing written, when it does not fit.
  bool push(std::string_view bytes) noexcept;
  // Producer: bytes waiting. The first as of its last look at the consumer (never less than the
  // truth, and free), the second looks.
  [[nodiscard]] std::size_t waiting_at_most() const noexcept;
  [[nodiscard]] std::size_t waiting() noexcept;

  // Consumer: what waits, in order, in at most two pieces (the second may be empty).
  [[nodiscard]] std::array<std::span<const char>, 2> peek() const noexcept;
  void consume(std::size_t count) noexcept;

  [[nodiscard]] bool is_empty() const noexcept;  // any thread

  [[nodiscard]] std::size_t capacity() const noexcept { return mask_ + 1; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t mask_;
  alignas(64) std::atomic<std::uint64_t> head_{0};  // written by the producer
  std::uint64_t known_tail_ = 0;                    // producer's copy of tail_
  alignas(64) std::atomic<std::uint64_t> tail_{0};  // written by the consumer
};

}  // namespace ravelin::gateway
