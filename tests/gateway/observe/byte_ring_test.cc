#include "gateway/observe/byte_ring.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace ravelin::gateway {
namespace {

std::string take_all(ByteRing& ring) {
  std::string text;
  for (const auto& piece : ring.peek())
    text.append(piece.data(), piece.size());
  ring.consume(text.size());
  return text;
}

TEST(ByteRing, GivesBackWhatWasPushedInOrder) {
  ByteRing ring(16);
  EXPECT_TRUE(ring.is_empty());
  EXPECT_TRUE(ring.push("abc"));
  EXPECT_TRUE(ring.push("def"));
  EXPECT_EQ(ring.waiting(), 6U);
  EXPECT_EQ(take_all(ring), "abcdef");
  EXPECT_TRUE(ring.is_empty());
}

TEST(ByteRing, WrapsAtEveryOffset) {
  ByteRing ring(16);
  for (int i = 0; i < 100; ++i) {
    const std::string text(static_cast<std::size_t>(i % 13) + 1, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(ring.push(text));
    ASSERT_TRUE(ring.push("|"));
    ASSERT_EQ(take_all(ring), text + "|");
  }
}

TEST(ByteRing, TakesExactlyItsCapacityAndNothingInPart) {
  ByteRing ring(8);
  EXPECT_TRUE(ring.push("12345"));
  EXPECT_FALSE(ring.push("6789"));
  EXPECT_TRUE(ring.push("678"));
  EXPECT_FALSE(ring.push("9"));
  EXPECT_EQ(take_all(ring), "12345678");
  EXPECT_FALSE(ring.push("123456789"));
}

TEST(ByteRing, CarriesAStreamBetweenTwoThreads) {
  ByteRing ring(256);
  constexpr int kCount = 20'000;
  std::thread producer([&] {
    for (int i = 0; i < kCount;) {
      if (ring.push(std::to_string(i) + "\n")) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  std::string expected;
  for (int i = 0; i < kCount; ++i)
    expected += std::to_string(i) + "\n";
  std::string received;
  while (received.size() < expected.size()) {
    received += take_all(ring);
    std::this_thread::yield();
  }
  producer.join();
  EXPECT_EQ(received, expected);
}

}  // namespace
}  // namespace ravelin::gateway
