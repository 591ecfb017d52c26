#include "base/io/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <fstream>
#include <set>
#include <thread>
#include <vector>

namespace ravelin::base {
namespace {

using namespace std::chrono_literals;

const WallTime kTime = WallTime(std::chrono::milliseconds(1795519245123));  // 2026-11-24T11:20:45

class LogDirectory {
 public:
  LogDirectory() {
    char name[] = "/tmp/ravelin_log_XXXXXX";
    path_ = ::mkdtemp(name);
  }

  ~LogDirectory() {
    ::unlink(file().c_str());
    ::rmdir(path_.c_str());
  }

  [[nodiscard]] std::string file() const { return path_ + "/log"; }

  [[nodiscard]] std::vector<std::string> lines() const {
    std::ifstream in(file());
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);)
      all.push_back(line);
    return all;
  }

 private:
  std::string path_;
};

std::string line_of(std::string_view message, LogFields fields) {
  return format_log_line(kTime, LogLevel::info, "gateway", message, fields).substr(40);
}

TEST(Log, WritesTimeLevelPartMessageAndFields) {
  EXPECT_EQ(format_log_line(kTime, LogLevel::warn, "gateway", "server is down",
                            {{"pool", "web"}, {"failures", 3}, {"ejected", true}, {"share", 0.5}}),
            "2026-11-24T11:20:45.123Z warn  gateway: server is down pool=web failures=3 "
            "ejected=true share=0.5");
}

struct EscapeCase {
  const char* name;
  std::string value;
  const char* written;
};

TEST(Log, ValuesCannotForgeALineOrMoveACursor) {
  const EscapeCase cases[] = {
      {"Plain", "10.0.0.1:80", "v=10.0.0.1:80"},
      {"Empty", "", "v=\"\""},
      {"Space", "a b", "v=\"a b\""},
      {"Equals", "a=b", "v=\"a=b\""},
      {"Quote", "a\"b", "v=\"a\\\"b\""},
      {"Backslash", "a\\b", "v=\"a\\\\b\""},
      {"NewLine", "a\nerror x: y", "v=\"a\\nerror x: y\""},
      {"CarriageReturn", "a\rb\tc", "v=\"a\\rb\\tc\""},
      {"Escape", "\x1b[2J", "v=\"\\x1b[2J\""},
      {"Nul", std::string("a\0b", 3), "v=\"a\\x00b\""},
      {"Delete", "\x7f", "v=\"\\x7f\""},
      {"Utf8", "gr\xC3\xBC\xC3\x9F", "v=\"gr\xC3\xBC\xC3\x9F\""},
      {"C1Control", "\xC2\x9B", "v=\"\\xc2\\x9b\""},
      {"BrokenUtf8", "\xC3(", "v=\"\\xc3(\""},
      {"Overlong", "\xC0\xAF", "v=\"\\xc0\\xaf\""},
      {"Surrogate", "\xED\xA0\x80", "v=\"\\xed\\xa0\\x80\""},
  };
  for (const auto& row : cases)
    EXPECT_EQ(line_of("m", {{"v", row.value}}), std::string("m ") + row.written) << row.name;
}

TEST(Log, MessageIsEscapedToo) {
  EXPECT_EQ(line_of("a\nb \"c\"", {}), "a\\nb \"c\"");
}

TEST(Log, LineIsCutAt4KiBOutsideASequence) {
  std::string long_value;
  for (int i = 0; i < 3000; ++i)
    long_value += "\xC3\xBC";
  const std::string line =
      format_log_line(kTime, LogLevel::info, "gateway", "m", {{"v", long_value}, {"w", "x"}});
  EXPECT_LT(line.size(), 4096U);
  EXPECT_GT(line.size(), 4085U);
  EXPECT_TRUE(line.ends_with("\xBC...")) << line.substr(line.size() - 8);
}

TEST(Log, LevelIsSetAtRunTime) {
  const LogDirectory directory;
  ASSERT_TRUE(start_log({.level = LogLevel::warn, .path = directory.file()}));
  log_info("test", "not this");
  set_log_level(LogLevel::debug);
  log_debug("test", "this");
  set_log_level(LogLevel::off);
  log_error("test", "nor this");
  stop_log();
  const auto lines = directory.lines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].ends_with(" debug test: this"));
  set_log_level(LogLevel::info);
}

TEST(Log, ReadsLevelNames) {
  EXPECT_EQ(*parse_log_level("warn"), LogLevel::warn);
  EXPECT_EQ(*parse_log_level("off"), LogLevel::off);
  EXPECT_FALSE(parse_log_level("Warn"));
  EXPECT_FALSE(parse_log_level(""));
}

TEST(Log, StoppingWritesEveryLineOfEveryThread) {
  const LogDirectory directory;
  ASSERT_TRUE(start_log({.path = directory.file(), .queue_lines = 4096}));
  const std::uint64_t dropped = log_dropped();
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 500; ++i)
        log_info("test", "line", {{"thread", t}, {"i", i}});
    });
  }
  for (auto& thread : threads)
    thread.join();
  stop_log();
  std::set<std::string> distinct;
  for (const auto& line : directory.lines())
    distinct.insert(line.substr(24));
  EXPECT_EQ(distinct.size(), 2000U);
  EXPECT_EQ(log_dropped(), dropped);
}

TEST(Log, CreatesTheFileReadableByTheGroupOnly) {
  const LogDirectory directory;
  ASSERT_TRUE(start_log({.path = directory.file()}));
  stop_log();

  struct stat status {};

  ASSERT_EQ(::stat(directory.file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07, 0U);
}

TEST(Log, PathThatCannotBeOpenedIsAnError) {
  const auto started = start_log({.path = "/nonexistent/log"});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message, "opening the log /nonexistent/log: no such file or directory");
}

TEST(Log, FullDiskIsCountedAndDoesNotBlock) {
  const std::uint64_t dropped = log_dropped();
  ASSERT_TRUE(start_log({.path = "/dev/full"}));
  for (int i = 0; i < 10; ++i)
    log_info("test", "line");
  stop_log();
  EXPECT_EQ(log_dropped() - dropped, 10U);
}

// A pipe nobody reads fills; then callers must go on at once and the loss must be counted.
TEST(Log, ReaderThatDoesNotReadCostsLinesNotTime) {
  const LogDirectory directory;
  ASSERT_EQ(::mkfifo(directory.file().c_str(), 0600), 0);
  const int reader = ::open(directory.file().c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  ASSERT_TRUE(start_log({.path = directory.file(), .queue_lines = 16}));
  const std::uint64_t dropped = log_dropped();
  const std::string text(1000, 'x');
  const MonoTime start = mono_now();
  for (int i = 0; i < 500; ++i)
    log_info("test", "line", {{"text", text}});
  EXPECT_LT(mono_now() - start, 5s);
  stop_log();
  EXPECT_LT(mono_now() - start, 10s);
  EXPECT_GT(log_dropped() - dropped, 400U);
  ::close(reader);
}

TEST(Log, SaysHowManyLinesWereDroppedOnceItWritesAgain) {
  const LogDirectory directory;
  ASSERT_EQ(::mkfifo(directory.file().c_str(), 0600), 0);
  const int fd = ::open(directory.file().c_str(), O_RDWR | O_NONBLOCK);
  ASSERT_GE(fd, 0);
  const std::string filler(4096, '.');
  while (::write(fd, filler.data(), filler.size()) > 0) {
  }
  const std::uint64_t dropped = log_dropped();
  ASSERT_TRUE(start_log({.path = directory.file(), .queue_lines = 4}));
  while (log_dropped() == dropped)
    log_info("test", "line");
  std::string read;
  std::array<char, 4096> buffer{};
  const MonoTime give_up = mono_now() + 20s;
  while (read.find("warn  log: lines were dropped count=") == std::string::npos) {
    ASSERT_LT(mono_now(), give_up);
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count > 0) read.append(buffer.data(), static_cast<std::size_t>(count));
    if (count <= 0) log_info("test", "line");
  }
  stop_log();
  ::close(fd);
}

MonoTime at(std::chrono::milliseconds time) {
  return {time};
}

TEST(LogRate, AdmitsNPerSecondThenCountsTheRest) {
  LogRate rate(2);
  EXPECT_EQ(rate.admit(at(5000ms)), 0U);
  EXPECT_EQ(rate.admit(at(5500ms)), 0U);
  EXPECT_EQ(rate.admit(at(5600ms)), std::nullopt);
  EXPECT_EQ(rate.admit(at(5999ms)), std::nullopt);
  EXPECT_EQ(rate.admit(at(6000ms)), 2U);
  EXPECT_EQ(rate.admit(at(6001ms)), 0U);
  EXPECT_EQ(rate.admit(at(6002ms)), std::nullopt);
}

TEST(LogRate, IsExactUnderContention) {
  LogRate rate(100);
  std::atomic<int> admitted{0};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        if (rate.admit(at(1000ms))) ++admitted;
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(admitted, 100);
  EXPECT_EQ(rate.admit(at(2000ms)), 3900U);
}

TEST(LogRate, LineSaysWhatWasSuppressed) {
  EXPECT_TRUE(format_log_line(kTime, LogLevel::warn, "p", "m", {{"a", 1}}, 7)
                  .ends_with("p: m a=1 suppressed=7"));
}

}  // namespace
}  // namespace ravelin::base
