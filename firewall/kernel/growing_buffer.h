// Bytes that only grow, by realloc: a large block moves its pages instead of being copied, so that
// a batch of a million elements is in memory once. New bytes are not cleared. One thread.
#pragma once

#include "base/check.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

namespace ravelin::firewall {

class GrowingBuffer {
 public:
  // So many more bytes at the end; the place is good until the next call.
  std::uint8_t* extend(std::size_t bytes) {
    if (capacity_ - size_ < bytes) reserve(bytes + size_ / 2 + kStep);
    std::uint8_t* place = data_.get() + size_;
    size_ += bytes;
    return place;
  }

  // Room for so many bytes more.
  void reserve(std::size_t bytes) {
    if (capacity_ - size_ >= bytes) return;
    auto* grown = static_cast<std::uint8_t*>(std::realloc(data_.get(), size_ + bytes));
    CHECK(grown != nullptr);
    (void)data_.release();  // realloc has freed it
    data_.reset(grown);
    capacity_ = size_ + bytes;
  }

  [[nodiscard]] std::uint8_t* data() { return data_.get(); }

  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return {data_.get(), size_}; }

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t kStep = 4096;

  struct Free {
    void operator()(std::uint8_t* data) const { std::free(data); }
  };

  std::unique_ptr<std::uint8_t, Free> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace ravelin::firewall
