#include "gateway/observe/access_writer.h"

#include "base/io/log.h"
#include "gateway/observe/access_log.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto kIdleWait = 1s;        // a worker's wake-up may be missed: it is found then
constexpr auto kReportEvery = 10s;    // of drops, in the operator's log
constexpr auto kBlockedWait = 100ms;  // for a pipe, before looking at requests again

std::size_t size_of(const std::array<std::span<const char>, 2>& pieces) {
  return pieces[0].size() + pieces[1].size();
}

// Blocks every signal in threads made while it lives: SIGPIPE becomes EPIPE there, and SIGTERM goes
// to the thread that waits for it.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, &before_);
  }

  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

AccessWriter::AccessWriter(const std::vector<std::unique_ptr<AccessLogChannel>>& channels,
                           const AccessLogOptions& options, int wake_fd)
    : channels_(channels), options_(options), wake_fd_(wake_fd) {}

AccessWriter::~AccessWriter() {
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake();
    thread_.join();
  }
  ::close(wake_fd_);
}

base::Result<void> AccessWriter::set_path(std::string path) {
  AccessTarget target;
  if (!path.empty()) {
    auto opened = AccessTarget::open(path, options_.opener);
    if (!opened) return opened.error();
    target = std::move(*opened);
  }
  {
    const std::lock_guard lock(mutex_);
    next_ = NewTarget{std::move(path), std::move(target)};
  }
  if (!thread_.joinable()) {
    const SignalsBlocked blocked;
    try {
      thread_ = std::thread(&AccessWriter::run, this);
    } catch (const std::system_error& error) {
      return base::fail(base::Errc::unavailable, "starting the access log's thread: {}",
                        error.what());
    }
  }
  wake();
  return {};
}

void AccessWriter::reopen() {
  reopen_.store(true, std::memory_order_relaxed);
  wake();
}

bool AccessWriter::flush(std::chrono::milliseconds timeout) {
  if (!thread_.joinable()) return true;
  std::unique_lock lock(mutex_);
  const std::uint64_t ticket = ++flush_wanted_;
  wake();
  return flushed_.wait_for(lock, timeout, [&] { return flush_done_ >= ticket; });
}

void AccessWriter::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof one);
}

void AccessWriter::run() {
  for (;;) {
    std::uint64_t ticket = 0;
    {
      const std::lock_guard lock(mutex_);
      ticket = flush_wanted_;
      if (stopping_ && !is_ending_) {
        is_ending_ = true;
        end_ = base::mono_now() + options_.close_timeout;
        next_try_ = {};
      }
    }
    const std::uint64_t before = bytes_written_;
    if (path_.empty()) take_requests();  // nothing is lost for want of the first target
    Drained drained = drain();
    if (take_requests()) drained = drain();
    if (drained == Drained::all) {
      const std::lock_guard lock(mutex_);
      flush_done_ = ticket;
      flushed_.notify_all();
    }
    report_drops();
    if (is_ending_ && (drained != Drained::blocked || base::mono_now() >= end_)) break;
    wait(drained, bytes_written_ != before);
  }
  drop_everything();
}

// True: the target is another one now.
bool AccessWriter::take_requests() {
  std::optional<NewTarget> next;
  {
    const std::lock_guard lock(mutex_);
    next.swap(next_);
  }
  const bool wants_reopen = reopen_.exchange(false, std::memory_order_relaxed);
  const bool is_other = next.has_value();
  if (is_other) adopt(std::move(*next));
  if (!wants_reopen || path_.empty() || path_ == "-") return is_other;
  auto opened = AccessTarget::open(path_, options_.opener);
  if (!opened) {
    base::log_error("access_log", "reopening failed, the old file stays",
                    {{"error", opened.error().message}});
    return is_other;
  }
  adopt({path_, std::move(*opened)});
  return true;
}

void AccessWriter::adopt(NewTarget next) {
  drop_rest_of_line();
  path_ = std::move(next.path);
  target_ = std::move(next.target);
  next_try_ = {};
}

// A line that only began in the old target must not end in the new one.
void AccessWriter::drop_rest_of_line() {
  if (!is_mid_line_) return;
  ByteRing& ring = channels_[current_]->ring_;
  std::size_t count = 0;
  for (const auto& piece : ring.peek()) {
    const auto end = std::find(piece.begin(), piece.end(), '\n');
    count += static_cast<std::size_t>(end - piece.begin());
    if (end == piece.end()) continue;
    ++count;
    break;
  }
  ring.consume(count);
  is_mid_line_ = false;
  dropped_.fetch_add(1, std::memory_order_relaxed);
}

void AccessWriter::drop_everything() {
  drop_rest_of_line();
  for (const auto& channel : channels_) {
    const auto pieces = channel->ring_.peek();
    std::uint64_t lines = 0;
    for (const auto& piece : pieces) {
      lines += static_cast<std::uint64_t>(std::count(piece.begin(), piece.end(), '\n'));
    }
    channel->ring_.consume(size_of(pieces));
    dropped_.fetch_add(lines, std::memory_order_relaxed);
  }
}

AccessWriter::Drained AccessWriter::drain() {
  if (path_.empty()) {
    drop_everything();
    return Drained::all;
  }
  if (is_failing_ && base::mono_now() < next_try_) return Drained::failed;
  if (!target_.is_open()) open_again();
  // Starts where the last pass stopped: that channel may be in the middle of a line.
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    const Drained drained = drain_channel(*channels_[current_]);
    if (drained != Drained::all) return drained;
    current_ = (current_ + 1) % channels_.size();
  }
  return Drained::all;
}

// Writes what waits in the channel now, not what comes meanwhile: others have their turn.
AccessWriter::Drained AccessWriter::drain_channel(AccessLogChannel& channel) {
  std::size_t left = size_of(channel.ring_.peek());
  while (left > 0) {
    auto pieces = channel.ring_.peek();
    pieces[0] = pieces[0].first(std::min(pieces[0].size(), left));
    pieces[1] = pieces[1].first(std::min(pieces[1].size(), left - pieces[0].size()));
    const auto [count, error] = target_.write(pieces);
    if (error == EAGAIN || (error == 0 && count == 0)) return Drained::blocked;
    if (error != 0) {
      failed(error);
      return Drained::failed;
    }
    recovered();
    const std::size_t in_first = pieces[0].size();
    const char last = count <= in_first ? pieces[0][count - 1] : pieces[1][count - in_first - 1];
    is_mid_line_ = last != '\n';
    bytes_written_ += count;
    left -= count;
    channel.ring_.consume(count);
  }
  return Drained::all;
}

// The reader of a pipe came back, perhaps, or there is room for the file again.
void AccessWriter::open_again() {
  auto opened = AccessTarget::open(path_, options_.opener);
  if (!opened || !opened->is_open()) return;
  drop_rest_of_line();
  target_ = std::move(*opened);
}

void AccessWriter::failed(int error) {
  if (!is_failing_) {
    const base::Error why = base::fail_errno(error, "writing the access log " + path_);
    const bool has_reader = target_.is_open();
    base::log_error("access_log", "lines wait, then are dropped, until it can be written again",
                    {{"error", has_reader ? why.message : "nobody reads " + path_}});
  }
  if (error == EPIPE && path_ != "-") target_ = AccessTarget();
  backoff_ = is_failing_ ? std::min(backoff_ * 2, options_.retry_max) : options_.retry_first;
  is_failing_ = true;
  next_try_ = base::mono_now() + backoff_;
}

void AccessWriter::recovered() {
  if (!is_failing_) return;
  is_failing_ = false;
  base::log_info("access_log", "is written again", {{"path", path_}});
}

void AccessWriter::report_drops() {
  std::uint64_t lost = dropped();
  for (const auto& channel : channels_)
    lost += channel->dropped();
  if (lost == drops_reported_ || (base::mono_now() < next_report_ && !is_ending_)) return;
  base::log_warn("access_log", "lines were dropped", {{"count", lost - drops_reported_}});
  drops_reported_ = lost;
  next_report_ = base::mono_now() + kReportEvery;
}

bool AccessWriter::is_all_empty() const {
  return std::ranges::all_of(channels_,
                             [](const auto& channel) { return channel->ring_.is_empty(); });
}

void AccessWriter::announce_sleep(bool sleeps) {
  for (const auto& channel : channels_)
    channel->writer_sleeps_.store(sleeps);
}

void AccessWriter::wait(Drained drained, bool wrote) {
  std::array<pollfd, 2> waits = {pollfd{wake_fd_, POLLIN, 0}, pollfd{-1, POLLOUT, 0}};
  auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(kIdleWait);
  const bool sleeps = drained == Drained::all && !wrote;
  if (drained == Drained::blocked) {
    waits[1].fd = target_.fd();
    timeout = kBlockedWait;
  } else if (drained == Drained::failed) {
    const auto left = next_try_ - base::mono_now();
    timeout = std::chrono::ceil<std::chrono::milliseconds>(std::max(left, base::Duration(0)));
  } else if (!sleeps) {
    timeout = options_.batch;
  } else {
    announce_sleep(true);
    if (!is_all_empty()) timeout = 0ms;
  }
  ::poll(waits.data(), waits.size(), static_cast<int>(timeout.count()));
  if (sleeps) announce_sleep(false);
  std::uint64_t wakes = 0;
  [[maybe_unused]] const ssize_t got = ::read(wake_fd_, &wakes, sizeof wakes);
}

}  // namespace ravelin::gateway
