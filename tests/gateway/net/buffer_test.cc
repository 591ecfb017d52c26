#include "gateway/net/buffer.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

TEST(Buffer, KeepsItsBytesOverCompactAndGrow) {
  BufferPool pool;
  Buffer buffer(pool);
  EXPECT_FALSE(buffer.has_block());
  buffer.acquire(BlockSize::small);
  EXPECT_EQ(buffer.append("hello world"), 11U);
  buffer.consume(6);
  EXPECT_EQ(buffer.readable(), "world");
  buffer.compact();
  EXPECT_EQ(buffer.readable(), "world");
  buffer.grow(BlockSize::bulk);
  EXPECT_EQ(buffer.readable(), "world");
  EXPECT_EQ(buffer.writable().size(), BufferPool::bytes_of(BlockSize::bulk) - 5);
}

TEST(Buffer, AppendsOnlyWhatFits) {
  BufferPool pool;
  Buffer buffer(pool);
  buffer.acquire(BlockSize::small);
  EXPECT_EQ(buffer.append(std::string(5000, 'x')), BufferPool::bytes_of(BlockSize::small));
  EXPECT_TRUE(buffer.writable().empty());
}

TEST(BufferPool, CountsWhatIsInUseAndReusesBlocks) {
  BufferPool pool;
  const char* first = nullptr;
  {
    Buffer buffer(pool);
    buffer.acquire(BlockSize::large);
    first = buffer.writable().data();
    EXPECT_EQ(pool.in_use_bytes(), BufferPool::bytes_of(BlockSize::large));
  }
  EXPECT_EQ(pool.in_use_bytes(), 0U);
  Buffer again(pool);
  again.acquire(BlockSize::large);
  EXPECT_EQ(again.writable().data(), first);
}

#ifdef __SANITIZE_ADDRESS__
TEST(BufferPool, WhatIsReadOfABlockThatIsBackIsSeen) {
  BufferPool pool;
  Buffer buffer(pool);
  for (const BlockSize size : {BlockSize::small, BlockSize::large, BlockSize::bulk}) {
    buffer.acquire(size);
    char* block = buffer.writable().data();
    const std::size_t bytes = buffer.writable().size();
    EXPECT_EQ(__asan_region_is_poisoned(block, bytes), nullptr);
    buffer.release();
    EXPECT_EQ(__asan_address_is_poisoned(block), 1);
    EXPECT_EQ(__asan_address_is_poisoned(block + bytes - 1), 1);
    buffer.acquire(size);
    EXPECT_EQ(__asan_region_is_poisoned(block, bytes), nullptr);
    buffer.release();
  }
}
#endif

TEST(Buffer, AMovedBufferOwnsNothing) {
  BufferPool pool;
  Buffer from(pool);
  from.acquire(BlockSize::small);
  from.append("x");
  Buffer to(std::move(from));
  EXPECT_EQ(to.readable(), "x");
  // NOLINTNEXTLINE(bugprone-use-after-move,clang-analyzer-cplusplus.Move): what is left is tested
  EXPECT_FALSE(from.has_block());
}

}  // namespace
}  // namespace ravelin::gateway
