// AccessWriter: the access log's thread. Empties the workers' rings into the target in large
// writes, reopens it, backs off while it fails. Control threads ask through a mutex; workers never
// meet it.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "gateway/observe/access_target.h"

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace ravelin::gateway {

class AccessLogChannel;
struct AccessLogOptions;

class AccessWriter {
 public:
  // `channels` and `options` must outlive it; takes `wake_fd`, an eventfd.
  AccessWriter(const std::vector<std::unique_ptr<AccessLogChannel>>& channels,
               const AccessLogOptions& options, int wake_fd);
  // Writes what waits, for close_timeout at most.
  ~AccessWriter();
  AccessWriter(const AccessWriter&) = delete;
  AccessWriter& operator=(const AccessWriter&) = delete;

  // Opens `path` ("" = none) and hands it to the thread, which is started for the first one.
  base::Result<void> set_path(std::string path);

  [[nodiscard]] bool is_started() const { return thread_.joinable(); }  // control thread

  void reopen();
  bool flush(std::chrono::milliseconds timeout);

  // Lines lost by the writer itself: cut by a change of target, or left at the end.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  enum class Drained { all, blocked, failed };

  struct NewTarget {
    std::string path;
    AccessTarget target;
  };

  void run();
  bool take_requests();
  void adopt(NewTarget next);
  void open_again();
  Drained drain();
  Drained drain_channel(AccessLogChannel& channel);
  void failed(int error);
  void recovered();
  void drop_rest_of_line();
  void drop_everything();
  void report_drops();
  void wait(Drained drained, bool wrote);
  void announce_sleep(bool sleeps);
  [[nodiscard]] bool is_all_empty() const;
  void wake();

  const std::vector<std::unique_ptr<AccessLogChannel>>& channels_;
  const AccessLogOptions& options_;
  int wake_fd_;
  std::thread thread_;
  std::atomic<bool> reopen_{false};
  std::atomic<std::uint64_t> dropped_{0};

  std::mutex mutex_;
  std::condition_variable flushed_;
  std::optional<NewTarget> next_;   // under mutex_
  std::uint64_t flush_wanted_ = 0;  // under mutex_
  std::uint64_t flush_done_ = 0;    // under mutex_
  bool stopping_ = false;           // under mutex_

  // The thread's own.
  std::string path_;
  AccessTarget target_;
  std::size_t current_ = 0;  // the channel being written
  bool is_mid_line_ = false;
  bool is_failing_ = false;
  bool is_ending_ = false;
  std::uint64_t bytes_written_ = 0;
  std::chrono::milliseconds backoff_{0};
  base::MonoTime next_try_;
  base::MonoTime end_;
  std::uint64_t drops_reported_ = 0;
  base::MonoTime next_report_;
};

}  // namespace ravelin::gateway
