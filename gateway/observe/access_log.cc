#include "gateway/observe/access_log.h"

#include "base/check.h"
#include "gateway/observe/access_writer.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace ravelin::gateway {

AccessLogChannel::AccessLogChannel(const std::atomic<bool>& enabled, int wake_fd,
                                   std::size_t ring_bytes)
    : enabled_(enabled), wake_fd_(wake_fd), ring_(ring_bytes) {
  CHECK(ring_bytes >= kAccessLineBytesMax);
}

void AccessLogChannel::write(const AccessRecord& record, AccessFieldSet fields) noexcept {
  if (!is_enabled()) return;
  const std::size_t length = format_access_record(record, clock_, line_, fields);
  if (!ring_.push({line_.data(), length})) {
    dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return;
  }
  const bool is_half_full =
      ring_.waiting_at_most() >= ring_.capacity() / 2 && ring_.waiting() >= ring_.capacity() / 2;
  if (is_half_full != half_full_) {
    half_full_ = is_half_full;
    if (is_half_full) wake();
  }
  // Relaxed: a missed wake-up costs the writer's idle wait, not a line.
  if (writer_sleeps_.load(std::memory_order_relaxed) &&
      writer_sleeps_.exchange(false, std::memory_order_relaxed)) {
    wake();
  }
}

void AccessLogChannel::wake() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof one);
}

base::Result<std::unique_ptr<AccessLog>> AccessLog::open(std::string path, std::size_t workers,
                                                         AccessLogOptions options) {
  const int wake_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd < 0) return base::fail_errno(errno, "making the access log's event descriptor");
  std::unique_ptr<AccessLog> log(new AccessLog(workers, options, wake_fd));
  if (auto set = log->set_path(std::move(path)); !set) return set.error();
  return log;
}

AccessLog::AccessLog(std::size_t workers, const AccessLogOptions& options, int wake_fd)
    : options_(options) {
  for (std::size_t i = 0; i < workers; ++i) {
    channels_.push_back(std::make_unique<AccessLogChannel>(enabled_, wake_fd, options_.ring_bytes));
  }
  writer_ = std::make_unique<AccessWriter>(channels_, options_, wake_fd);
}

AccessLog::~AccessLog() = default;

void AccessLog::reopen() {
  writer_->reopen();
}

base::Result<void> AccessLog::set_path(std::string path) {
  const bool enabled = !path.empty();
  if (!enabled) enabled_.store(false, std::memory_order_relaxed);
  if (!enabled && !writer_->is_started()) return {};
  if (auto set = writer_->set_path(std::move(path)); !set) return set;
  enabled_.store(enabled, std::memory_order_relaxed);
  return {};
}

bool AccessLog::flush(std::chrono::milliseconds timeout) {
  return writer_->flush(timeout);
}

std::uint64_t AccessLog::dropped() const {
  std::uint64_t sum = writer_->dropped();
  for (const auto& channel : channels_)
    sum += channel->dropped();
  return sum;
}

}  // namespace ravelin::gateway
