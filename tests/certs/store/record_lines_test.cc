#include "certs/store/record_lines.h"

#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <set>
#include <string>
#include <thread>

namespace ravelin::certs {
namespace {

using ::testing::ElementsAre;
namespace fs = std::filesystem;

TEST(RecordLines, StayInTheOrderTheyCame) {
  const ravelin::test::TempDir dir;
  const std::string file = dir.path("lines");
  EXPECT_TRUE(read_lines(file)->empty());
  ASSERT_TRUE(append_line(file, "one"));
  ASSERT_TRUE(append_line(file, "two"));
  EXPECT_THAT(*read_lines(file), ElementsAre("one", "two"));
  EXPECT_EQ(fs::status(file).permissions(), fs::perms(0600));
}

TEST(RecordLines, LineThatACrashCutOffWasNeverWritten) {
  const ravelin::test::TempDir dir;
  for (const std::string& torn : {std::string("two"), std::string(kRecordBytesMax - 1, 'x')}) {
    dir.write("lines", "one\n" + torn);
    EXPECT_THAT(*read_lines(dir.path("lines")), ElementsAre("one"));
    ASSERT_TRUE(append_line(dir.path("lines"), "three"));
    EXPECT_THAT(*read_lines(dir.path("lines")), ElementsAre("one", "three"));
  }
  dir.write("lines", "torn");
  ASSERT_TRUE(append_line(dir.path("lines"), "one"));
  EXPECT_THAT(*read_lines(dir.path("lines")), ElementsAre("one"));
}

TEST(RecordLines, DoNotFollowLinksOrReplaceFolders) {
  const ravelin::test::TempDir dir;
  fs::create_symlink(dir.path("target"), dir.path("link"));
  EXPECT_FALSE(append_line(dir.path("link"), "x"));
  EXPECT_FALSE(fs::exists(dir.path("target")));
  fs::create_directory(dir.path("folder"));
  EXPECT_FALSE(append_line(dir.path("folder"), "x"));
  EXPECT_FALSE(read_lines(dir.path("folder")));
  EXPECT_FALSE(append_line(dir.path("missing/lines"), "x"));
}

// Who finds half a line cuts it off: another's line must not go with it.
TEST(RecordLines, WritersAtOnceLoseNoneBehindATornLine) {
  const ravelin::test::TempDir dir;
  constexpr int kRounds = 200;
  for (int round = 0; round < kRounds; ++round) {
    dir.write("lines", "whole\ntorn");
    std::array<std::thread, 4> writers;
    for (std::size_t i = 0; i < writers.size(); ++i)
      writers[i] = std::thread(
          [&dir, i] { EXPECT_TRUE(append_line(dir.path("lines"), std::to_string(i))); });
    for (std::thread& writer : writers)
      writer.join();
    const auto lines = read_lines(dir.path("lines"));
    ASSERT_TRUE(lines);
    ASSERT_EQ(std::set<std::string>(lines->begin(), lines->end()),
              (std::set<std::string>{"whole", "0", "1", "2", "3"}))
        << "round " << round;
    ASSERT_EQ(lines->size(), 5U) << "round " << round;
  }
}

}  // namespace
}  // namespace ravelin::certs
