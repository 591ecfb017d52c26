// Buffer and BufferPool: the only memory bytes pass through. Blocks of three sizes come from
// per-worker free lists; an idle connection owns none. One worker's thread.
#pragma once

#include "base/check.h"

#include <sanitizer/asan_interface.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace ravelin::gateway {

enum class BlockSize : unsigned char {
  small,  // 4 KiB: a request head
  large,  // 36 KiB: the largest head, a record and more
  bulk,   // 80 KiB: four TLS records with room for a fifth
};

inline constexpr std::array<std::size_t, 3> kBlockBytes = {4 * 1024, 36 * 1024, 80 * 1024};

// A block that nobody has is nobody's to read: AddressSanitizer, where it is there, sees that too.
class BufferPool {
 public:
  BufferPool() = default;
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  ~BufferPool() {
    for (std::size_t size = 0; size < free_.size(); ++size)
      for (const auto& block : free_[size])
        ASAN_UNPOISON_MEMORY_REGION(block.get(), kBlockBytes[size]);
  }

  std::unique_ptr<char[]> take(BlockSize size) {
    auto& kept = free_[static_cast<std::size_t>(size)];
    in_use_bytes_ += bytes_of(size);
    if (kept.empty()) return std::make_unique_for_overwrite<char[]>(bytes_of(size));
    auto block = std::move(kept.back());
    kept.pop_back();
    ASAN_UNPOISON_MEMORY_REGION(block.get(), bytes_of(size));
    return block;
  }

  void give(BlockSize size, std::unique_ptr<char[]> block) {
    in_use_bytes_ -= bytes_of(size);
    auto& kept = free_[static_cast<std::size_t>(size)];
    if (kept.size() >= kKeptMax[static_cast<std::size_t>(size)]) return;
    ASAN_POISON_MEMORY_REGION(block.get(), bytes_of(size));
    kept.push_back(std::move(block));
  }

  static std::size_t bytes_of(BlockSize size) {
    return kBlockBytes[static_cast<std::size_t>(size)];
  }

  [[nodiscard]] std::size_t in_use_bytes() const { return in_use_bytes_; }

 private:
  static constexpr std::array<std::size_t, 3> kKeptMax = {1024, 128, 64};  // about 14 MiB a worker
  std::array<std::vector<std::unique_ptr<char[]>>, 3> free_;
  std::size_t in_use_bytes_ = 0;
};

// A block with a readable middle: [begin, end). Empty (no block) until acquire().
class Buffer {
 public:
  explicit Buffer(BufferPool& pool) : pool_(&pool) {}

  Buffer(Buffer&& other) noexcept
      : pool_(other.pool_),
        block_(std::move(other.block_)),
        begin_(std::exchange(other.begin_, 0)),
        end_(std::exchange(other.end_, 0)),
        size_(other.size_) {}

  Buffer& operator=(Buffer&& other) noexcept {
    if (this != &other) {
      release();
      block_ = std::move(other.block_);
      begin_ = std::exchange(other.begin_, 0);
      end_ = std::exchange(other.end_, 0);
      size_ = other.size_;
    }
    return *this;
  }

  ~Buffer() { release(); }

  void acquire(BlockSize size) {
    CHECK(block_ == nullptr);
    block_ = pool_->take(size);
    size_ = size;
    begin_ = end_ = 0;
  }

  void release() {
    if (block_ == nullptr) return;
    pool_->give(size_, std::move(block_));
    block_ = nullptr;
    begin_ = end_ = 0;
  }

  // Moves the readable bytes to a larger block.
  void grow(BlockSize size) {
    auto block = pool_->take(size);
    const std::size_t bytes = end_ - begin_;
    std::memcpy(block.get(), block_.get() + begin_, bytes);
    pool_->give(size_, std::move(block_));
    block_ = std::move(block);
    size_ = size;
    begin_ = 0;
    end_ = bytes;
  }

  [[nodiscard]] bool has_block() const { return block_ != nullptr; }

  [[nodiscard]] BlockSize block_size() const { return size_; }

  [[nodiscard]] bool empty() const { return begin_ == end_; }

  [[nodiscard]] std::size_t size() const { return end_ - begin_; }

  [[nodiscard]] std::string_view readable() const { return {block_.get() + begin_, end_ - begin_}; }

  [[nodiscard]] std::span<char> writable() {
    return {block_.get() + end_, BufferPool::bytes_of(size_) - end_};
  }

  void commit(std::size_t bytes) { end_ += bytes; }

  void consume(std::size_t bytes) { begin_ += bytes; }

  void clear() { begin_ = end_ = 0; }

  // Moves the readable bytes to the front, so that all free room is writable.
  void compact() {
    if (begin_ == 0) return;
    std::memmove(block_.get(), block_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }

  // Appends what fits; returns how much did.
  std::size_t append(std::string_view bytes) {
    const std::span<char> room = writable();
    const std::size_t count = bytes.size() < room.size() ? bytes.size() : room.size();
    std::memcpy(room.data(), bytes.data(), count);
    end_ += count;
    return count;
  }

 private:
  BufferPool* pool_;
  std::unique_ptr<char[]> block_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  BlockSize size_ = BlockSize::small;
};

}  // namespace ravelin::gateway
