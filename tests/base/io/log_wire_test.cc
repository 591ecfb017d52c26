#include "base/io/log_wire.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

namespace ravelin::base {
namespace {

using namespace std::string_literals;

constexpr WallTime kWireTime{std::chrono::milliseconds(1'795'520'445'123)};

TEST(LogWire, JournaldGetsEachFieldByItself) {
  EXPECT_EQ(journald_message({kWireTime,
                              LogLevel::warn,
                              "tls",
                              "handshake failed",
                              {{"client", "10.0.0.1"}, {"tries", 3}, {"detail", "a\nb"}},
                              7}),
            "MESSAGE=tls: handshake failed client=10.0.0.1 tries=3 detail=\"a\\nb\" suppressed=7\n"
            "PRIORITY=4\nSYSLOG_IDENTIFIER=ravelin\nRAVELIN_PART=tls\nRAVELIN_CLIENT=10.0.0.1\n"
            "RAVELIN_TRIES=3\nRAVELIN_DETAIL\n\x03\0\0\0\0\0\0\0a\nb\nRAVELIN_SUPPRESSED=7\n"s);
  const std::string longest(10'000, 'x');
  EXPECT_LT(journald_message({kWireTime, LogLevel::info, "p", "m", {{"k", longest}}}).size(),
            10'000U);
}

TEST(LogWire, SyslogGetsFieldsAsStructuredData) {
  const std::string message = syslog_message(
      {kWireTime, LogLevel::error, "gateway", "reload failed", {{"error", "a \"b\" ]\\\x01\xff"}}},
      77);
  EXPECT_EQ(message,
            "<27>1 2026-11-24T11:40:45.123Z - ravelin 77 gateway [ravelin@32473 error=\"a "
            "\\\"b\\\" \\]\\\\??\"] reload failed");
  const std::string longest(10'000, 'x');
  const LogField one("a", longest);
  EXPECT_LE(syslog_message({kWireTime, LogLevel::info, "p", longest, {one, one, one}}, 1).size(),
            8192U);
}

TEST(LogWire, SeverityIsThatOfTheLevel) {
  const auto priority = [](LogLevel level) {
    return syslog_message({kWireTime, level, "p", "m", {}}, 1).substr(0, 4);
  };
  EXPECT_EQ(priority(LogLevel::error), "<27>");
  EXPECT_EQ(priority(LogLevel::warn), "<28>");
  EXPECT_EQ(priority(LogLevel::info), "<30>");
  EXPECT_EQ(priority(LogLevel::debug), "<31>");
}

// A datagram socket at a path of its own.
class LogSocket {
 public:
  LogSocket() { open(); }

  LogSocket(const LogSocket&) = delete;
  LogSocket& operator=(const LogSocket&) = delete;

  ~LogSocket() { close(); }

  void open() {
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    sockaddr_un own{};
    own.sun_family = AF_UNIX;
    std::memcpy(own.sun_path, path_.data(), path_.size());
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&own), sizeof own), 0);
  }

  void close() {
    ::close(fd_);
    ::unlink(path_.c_str());
  }

  [[nodiscard]] const std::string& path() const { return path_; }

  [[nodiscard]] std::size_t heard() const {
    std::size_t count = 0;
    char message[8192];
    while (::recv(fd_, message, sizeof message, 0) >= 0)
      ++count;
    return count;
  }

 private:
  std::string path_ = "/tmp/ravelin-log-" + std::to_string(::getpid());
  int fd_ = -1;
};

TEST(LogSocketOutput, DropsWhatNobodyTakesAndCountsIt) {
  LogSocket socket;
  const std::uint64_t before = log_dropped();
  ASSERT_TRUE(start_log({.output = LogOutput::journald, .socket = socket.path()}));
  for (int i = 0; i < 2000; ++i)  // nobody reads meanwhile
    log_info("test", "line", {{"number", i}});
  stop_log();
  const std::size_t heard = socket.heard();
  EXPECT_GT(heard, 0U);
  EXPECT_LT(heard, 2000U);
  EXPECT_GE(log_dropped() - before + heard, 2000U);
}

TEST(LogSocketOutput, FollowsASocketThatIsMadeAnew) {
  LogSocket socket;
  ASSERT_TRUE(start_log({.output = LogOutput::syslog, .socket = socket.path()}));
  log_info("test", "one");
  stop_log();
  EXPECT_EQ(socket.heard(), 1U);
  ASSERT_TRUE(start_log({.output = LogOutput::syslog, .socket = socket.path()}));
  socket.close();
  socket.open();
  log_info("test", "two");
  stop_log();
  EXPECT_EQ(socket.heard(), 1U);
}

TEST(LogSocketOutput, WithoutASocketItDoesNotStart) {
  const auto done = start_log({.output = LogOutput::syslog, .socket = "/tmp/ravelin-no-such-log"});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message,
            "opening the log socket /tmp/ravelin-no-such-log: no such file or directory");
}

}  // namespace
}  // namespace ravelin::base
