#include "gateway/observe/access_log.h"

#include <boost/json.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;

class AccessLogTest : public ::testing::Test {
 public:
  AccessLogTest() {
    char name[] = "/tmp/ravelin_access_XXXXXX";
    directory_ = ::mkdtemp(name);
  }

  ~AccessLogTest() override { std::filesystem::remove_all(directory_); }

 protected:
  [[nodiscard]] std::string path(const std::string& name = "access.log") const {
    return directory_ + "/" + name;
  }

  static std::unique_ptr<AccessLog> open(const std::string& path, std::size_t workers = 1,
                                         AccessLogOptions options = {}) {
    auto log = AccessLog::open(path, workers, options);
    EXPECT_TRUE(log) << (log ? "" : log.error().message);
    return std::move(*log);
  }

 private:
  std::string directory_;
};

// While it lives no file of this process grows beyond `bytes`: a disk that is full.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
    rlimit small = before_;
    small.rlim_cur = bytes;
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  }

  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

void write(AccessLog& log, std::size_t worker, int number, std::string_view agent = "test") {
  const std::string id = std::to_string(worker) + "-" + std::to_string(number);
  AccessRecord record;
  record.time = base::wall_now();
  record.request_id = id;
  record.listener = "web";
  record.client = "192.0.2.1";
  record.method = "GET";
  record.path = "/";
  record.protocol = "HTTP/1.1";
  record.status = 200;
  record.user_agent = agent;
  log.channel(worker).write(record, AccessFieldSet::all());
}

template <class Condition>
void wait_until(Condition holds) {
  const auto give_up = base::mono_now() + 30s;
  while (!holds()) {
    ASSERT_LT(base::mono_now(), give_up);
    std::this_thread::yield();
  }
}

// Whether a descriptor of this process is open on the file.
bool is_open_here(const std::string& path) {
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    if (std::filesystem::read_symlink(entry.path(), gone) == path) return true;
  }
  return false;
}

// The ids of the lines; every line must be whole, valid and there once.
std::set<std::string> ids_in(std::istream& in) {
  std::set<std::string> ids;
  for (std::string line; std::getline(in, line);) {
    EXPECT_FALSE(in.eof()) << "the last line has no end: " << line;
    boost::json::error_code error;
    const auto parsed = boost::json::parse(line, error);
    EXPECT_FALSE(error) << line;
    if (error) continue;
    EXPECT_TRUE(ids.insert(std::string(parsed.at("id").as_string())).second) << line;
  }
  return ids;
}

std::set<std::string> ids_of_file(const std::string& path) {
  std::ifstream in(path);
  return ids_in(in);
}

TEST_F(AccessLogTest, WritesWhatWorkersLogged) {
  const auto log = open(path(), 2);
  for (int i = 0; i < 100; ++i) {
    write(*log, 0, i);
    write(*log, 1, i);
  }
  ASSERT_TRUE(log->flush(10s));
  EXPECT_EQ(ids_of_file(path()).size(), 200U);
  EXPECT_EQ(log->dropped(), 0U);

  struct stat status {};

  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07, 0U);
}

TEST_F(AccessLogTest, ClosingWritesWhatWaits) {
  auto log = open(path());
  for (int i = 0; i < 1000; ++i)
    write(*log, 0, i);
  log.reset();
  EXPECT_EQ(ids_of_file(path()).size(), 1000U);
}

TEST_F(AccessLogTest, LinesReachTheFileWithoutBeingAskedFor) {
  const auto log = open(path());
  ASSERT_TRUE(log->flush(10s));
  write(*log, 0, 1);
  wait_until([&] { return ids_of_file(path()).size() == 1; });
}

TEST_F(AccessLogTest, AppendsToAFileThatIsThere) {
  std::ofstream(path()) << R"({"id":"before"})" << '\n';
  auto log = open(path());
  write(*log, 0, 1);
  log.reset();
  EXPECT_EQ(ids_of_file(path()), (std::set<std::string>{"before", "0-1"}));
}

TEST_F(AccessLogTest, ReopeningAfterARenameLosesNoLine) {
  AccessLogOptions options;
  options.batch = 1ms;
  auto log = open(path(), 2, options);
  std::atomic<bool> stop{false};
  std::array<std::atomic<int>, 2> written{};
  std::vector<std::thread> workers;
  for (std::size_t worker = 0; worker < 2; ++worker) {
    workers.emplace_back([&, worker] {
      while (!stop) {
        const std::uint64_t before = log->channel(worker).dropped();
        write(*log, worker, written[worker]);
        if (log->channel(worker).dropped() == before) ++written[worker];
        std::this_thread::yield();
      }
    });
  }
  std::vector<std::string> files;
  for (int i = 0; i < 20; ++i) {
    const int seen = written[0];
    while (written[0] < seen + 20)
      std::this_thread::yield();
    files.push_back(path("old." + std::to_string(i)));
    EXPECT_EQ(::rename(path().c_str(), files.back().c_str()), 0);
    log->reopen();
    EXPECT_TRUE(log->flush(10s));
  }
  stop = true;
  for (auto& worker : workers)
    worker.join();
  log.reset();
  files.push_back(path());
  std::set<std::string> all;
  for (const auto& file : files) {
    for (const auto& id : ids_of_file(file))
      EXPECT_TRUE(all.insert(id).second) << id;
  }
  EXPECT_EQ(all.size(), static_cast<std::size_t>(written[0].load() + written[1].load()));
}

TEST_F(AccessLogTest, FailedReopenKeepsTheOldFile) {
  const auto log = open(path());
  std::filesystem::rename(path(), path("old"));
  ASSERT_EQ(::mkdir(path().c_str(), 0700), 0);  // a directory cannot be opened for writing
  log->reopen();
  ASSERT_TRUE(log->flush(10s));
  write(*log, 0, 1);
  ASSERT_TRUE(log->flush(10s));
  EXPECT_EQ(ids_of_file(path("old")), (std::set<std::string>{"0-1"}));
}

TEST_F(AccessLogTest, FullRingDropsAndCounts) {
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  AccessLogOptions options;
  options.ring_bytes = 64 * 1024;
  options.close_timeout = 50ms;
  auto log = open(path(), 1, options);  // nobody reads: lines wait
  int queued = 0;
  for (int i = 0; i < 2000; ++i)
    write(*log, 0, i);
  const int dropped = static_cast<int>(log->dropped());
  queued = 2000 - dropped;
  EXPECT_GT(dropped, 1000);
  EXPECT_GT(queued, 100);
  // A reader comes: it gets exactly the lines that were not dropped.
  const int reader = ::open(path().c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  std::string text;
  const auto give_up = base::mono_now() + 20s;
  while (std::count(text.begin(), text.end(), '\n') < queued && base::mono_now() < give_up) {
    char buffer[4096];
    const ssize_t count = ::read(reader, buffer, sizeof buffer);
    if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
    if (count <= 0) std::this_thread::yield();
  }
  ::close(reader);
  std::istringstream in(text);
  EXPECT_EQ(ids_in(in).size(), static_cast<std::size_t>(queued));
  EXPECT_EQ(static_cast<int>(log->dropped()), dropped);
}

TEST_F(AccessLogTest, ReaderGoneIsNoDeathAndTheNextReaderGetsWholeLines) {
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  AccessLogOptions options;
  options.retry_first = 1ms;
  options.retry_max = 5ms;
  options.close_timeout = 50ms;
  const int first = ::open(path().c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(first, 0);
  const auto log = open(path(), 1, options);
  write(*log, 0, 1);
  ASSERT_TRUE(log->flush(10s));
  ::close(first);
  write(*log, 0, 2);
  wait_until([&] { return !is_open_here(path()); });  // it met EPIPE
  const int second = ::open(path().c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(second, 0);
  write(*log, 0, 3);
  ASSERT_TRUE(log->flush(10s));
  std::string text(4096, '\0');
  const ssize_t count = ::read(second, text.data(), text.size());
  ASSERT_GT(count, 0);
  std::istringstream in(text.substr(0, static_cast<std::size_t>(count)));
  EXPECT_EQ(ids_in(in), (std::set<std::string>{"0-2", "0-3"}));
  ::close(second);
}

TEST_F(AccessLogTest, FullDeviceCountsAndDoesNotHoldUpClosing) {
  AccessLogOptions options;
  options.retry_first = 1ms;
  options.ring_bytes = 64 * 1024;
  auto log = open("/dev/full", 1, options);
  for (int i = 0; i < 5000; ++i)
    write(*log, 0, i);
  EXPECT_FALSE(log->flush(20ms));
  EXPECT_GT(log->dropped(), 4000U);
  const auto start = base::mono_now();
  log.reset();
  EXPECT_LT(base::mono_now() - start, 2s);
}

// A disk that fills in the middle of a line and has room again later: the line is whole then.
TEST_F(AccessLogTest, LineCutByAFullDiskIsFinishedWhenThereIsRoom) {
  AccessLogOptions options;
  options.retry_first = 1ms;
  options.retry_max = 5ms;
  const auto log = open(path(), 1, options);
  {
    const FileSizeLimit full(5001);
    for (int i = 0; i < 100; ++i)
      write(*log, 0, i);
    wait_until([&] { return std::filesystem::file_size(path()) == 5001; });
  }
  ASSERT_TRUE(log->flush(10s));
  EXPECT_EQ(ids_of_file(path()).size(), 100U);
  EXPECT_EQ(log->dropped(), 0U);
}

TEST_F(AccessLogTest, LineCutByAFullDiskDoesNotSpillIntoTheNextFile) {
  AccessLogOptions options;
  options.retry_first = 1ms;
  const auto log = open(path(), 1, options);
  {
    const FileSizeLimit full(5001);
    for (int i = 0; i < 60; ++i)
      write(*log, 0, i);
    wait_until([&] { return std::filesystem::file_size(path()) == 5001; });
    ASSERT_TRUE(log->set_path(path("next")));
    wait_until([&] { return log->dropped() != 0; });  // the cut line
  }
  ASSERT_TRUE(log->flush(20s));
  EXPECT_EQ(log->dropped(), 1U);
  std::ifstream old(path());
  std::size_t whole = 0;
  for (std::string line; std::getline(old, line) && !old.eof();)
    ++whole;
  EXPECT_EQ(whole + 1 + ids_of_file(path("next")).size(), 60U);
}

TEST_F(AccessLogTest, EmptyPathIsNoLogUntilOneIsSet) {
  const auto log = open("");
  EXPECT_FALSE(log->is_enabled());
  EXPECT_FALSE(log->channel(0).is_enabled());
  write(*log, 0, 1);
  EXPECT_TRUE(log->flush(1s));
  ASSERT_TRUE(log->set_path(path("a")));
  EXPECT_TRUE(log->channel(0).is_enabled());
  write(*log, 0, 2);
  ASSERT_TRUE(log->flush(10s));
  ASSERT_TRUE(log->set_path(path("b")));
  ASSERT_TRUE(log->flush(10s));
  write(*log, 0, 3);
  ASSERT_TRUE(log->flush(10s));
  ASSERT_TRUE(log->set_path(""));
  write(*log, 0, 4);
  ASSERT_TRUE(log->flush(10s));
  EXPECT_EQ(ids_of_file(path("a")), (std::set<std::string>{"0-2"}));
  EXPECT_EQ(ids_of_file(path("b")), (std::set<std::string>{"0-3"}));
  EXPECT_EQ(log->dropped(), 0U);
}

TEST_F(AccessLogTest, PathThatCannotBeOpenedIsAnErrorAndChangesNothing) {
  const auto refused = AccessLog::open(path("no/such"), 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "opening the access log " + path("no/such") + ": no such file or directory");
  const auto log = open(path());
  EXPECT_FALSE(log->set_path(path("no/such")));
  write(*log, 0, 1);
  ASSERT_TRUE(log->flush(10s));
  EXPECT_EQ(ids_of_file(path()).size(), 1U);
}

TEST_F(AccessLogTest, BigLinesWrapTheRingWhole) {
  AccessLogOptions options;
  options.ring_bytes = 64 * 1024;
  options.batch = 1ms;
  const auto log = open(path(), 1, options);
  const std::string agent(500, '\x01');
  for (int i = 0; i < 500; ++i) {
    write(*log, 0, i, agent);
    if (i % 10 == 9) ASSERT_TRUE(log->flush(10s));
  }
  EXPECT_EQ(ids_of_file(path()).size(), 500U);
}

}  // namespace
}  // namespace ravelin::gateway
