// AccessLog: JSON lines of finished requests, from the workers to a file, without a worker ever
// waiting. Each worker formats into its own ring; one writer thread empties the rings in large
// writes. A full ring drops the record and counts it. A full or broken disk is reported once and
// tried again with back-off; meanwhile the rings fill, then drop.
#pragma once

#include "base/result.h"
#include "gateway/observe/access_record.h"
#include "gateway/observe/access_target.h"
#include "gateway/observe/byte_ring.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

class AccessWriter;

// One worker's end of the log; only that worker's thread writes to it.
class AccessLogChannel {
 public:
  AccessLogChannel(const std::atomic<bool>& enabled, int wake_fd, std::size_t ring_bytes);

  // One relaxed load: ask before gathering a record.
  [[nodiscard]] bool is_enabled() const noexcept {
    return enabled_.load(std::memory_order_relaxed);
  }

  // Formats and queues the record; nothing when the log is disabled. Never blocks or allocates.
  void write(const AccessRecord& record, AccessFieldSet fields) noexcept;

  [[nodiscard]] std::uint64_t dropped() const noexcept {
    return dropped_.load(std::memory_order_relaxed);
  }

 private:
  friend class AccessWriter;
  void wake() noexcept;

  const std::atomic<bool>& enabled_;
  int wake_fd_;
  base::UtcText clock_;
  std::array<char, kAccessLineBytesMax> line_;
  bool half_full_ = false;  // the writer was told
  std::atomic<std::uint64_t> dropped_{0};
  std::atomic<bool> writer_sleeps_{false};
  ByteRing ring_;
};

struct AccessLogOptions {
  std::size_t ring_bytes = std::size_t{1} << 20;  // per worker; a power of two, >= 64 KiB
  std::chrono::milliseconds batch{20};            // the writer gathers this long
  std::chrono::milliseconds retry_first{100};     // back-off after a failed write, doubled
  std::chrono::milliseconds retry_max{5000};      // up to this
  std::chrono::milliseconds close_timeout{2000};  // the destructor gives up then
  LogOpener opener = open_log_file;               // called on the control thread and the writer's
};

class AccessLog {
 public:
  // `path`: a file (appended to, made with mode 0640), a FIFO, "-" = stdout, "" = no log. Error: it
  // cannot be opened. A FIFO without a reader is not an error: lines wait for one.
  static base::Result<std::unique_ptr<AccessLog>> open(std::string path, std::size_t workers,
                                                       AccessLogOptions options = {});
  // Writes what waits, within close_timeout. Workers must have stopped writing.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // Lives as long as the log.
  AccessLogChannel& channel(std::size_t worker) { return *channels_[worker]; }

  [[nodiscard]] bool is_enabled() const noexcept {
    return enabled_.load(std::memory_order_relaxed);
  }

  // Opens the path anew (after a rename by logrotate); what waited goes to either file, whole. Any
  // thread. Returns at once: the writer does it, and on failure keeps
  // the old file and reports.
  void reopen();

  // Another path from now on, also from or to "". Control thread. Error: it cannot be opened; the
  // old one stays.
  base::Result<void> set_path(std::string path);

  // Waits until what was queued before the call is written. False: not within `timeout`.
  bool flush(std::chrono::milliseconds timeout);

  // Records lost since the process began. Any thread.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  explicit AccessLog(std::size_t workers, const AccessLogOptions& options, int wake_fd);

  AccessLogOptions options_;
  std::atomic<bool> enabled_{false};
  std::vector<std::unique_ptr<AccessLogChannel>> channels_;
  std::unique_ptr<AccessWriter> writer_;
};

}  // namespace ravelin::gateway
