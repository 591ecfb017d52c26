#include "base/io/log.h"

#include "base/io/log_output.h"
#include "base/io/log_wire.h"
#include "base/utc.h"
#include "base/utf8.h"

#include <pthread.h>
#include <signal.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/sink.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

namespace ravelin::base {
namespace {

constexpr std::size_t kLineBytesMax = 4096;  // with '\n': PIPE_BUF, so a pipe takes a line whole
constexpr std::array<std::string_view, 6> kLevelNames = {"trace", "debug", "info",
                                                         "warn",  "error", "off"};

// ---- escaping ----

void append_hex(std::string& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  out += "\\x";
  out += kHex[byte >> 4];
  out += kHex[byte & 0x0F];
}

// Appends text so that it stays on its line and moves no cursor; quotes and backslashes only where
// they would end or change a quoted value.
enum class Quoted { no, yes };

void append_escaped(std::string& out, std::string_view text, Quoted quoted) {
  for (std::size_t i = 0; i < text.size() && out.size() < kLineBytesMax;) {
    const char c = text[i];
    const std::size_t sequence = utf8_sequence_length(text.substr(i));
    if (sequence != 0 && !is_c1_control(text.substr(i))) {
      out += text.substr(i, sequence);
      i += sequence;
      continue;
    }
    ++i;
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F) {
      append_hex(out, c);
    } else {
      if (quoted == Quoted::yes && (c == '"' || c == '\\')) out += '\\';
      out += c;
    }
  }
}

bool needs_quotes(std::string_view text) {
  return text.empty() || std::ranges::any_of(text, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte <= 0x20 || byte >= 0x7F || c == '"' || c == '\\' || c == '=';
         });
}

void append_value(std::string& out, const LogField& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    if (!needs_quotes(*text)) {
      out += text->substr(0, kLineBytesMax);
      return;
    }
    out += '"';
    append_escaped(out, *text, Quoted::yes);
    out += '"';
  } else if (const auto* yes = std::get_if<bool>(&field.value)) {
    out += *yes ? "true" : "false";
  } else if (const auto* real = std::get_if<double>(&field.value)) {
    fmt::format_to(std::back_inserter(out), "{}", *real);
  } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    fmt::format_to(std::back_inserter(out), "{}", *number);
  } else {
    fmt::format_to(std::back_inserter(out), "{}", std::get<std::uint64_t>(field.value));
  }
}

// Cuts a line that is too long, outside of a UTF-8 sequence, and says so.
void limit_line(std::string& line) {
  constexpr std::string_view kCut = "...";
  if (line.size() < kLineBytesMax) return;
  std::size_t keep = kLineBytesMax - 1 - kCut.size();
  while (keep > 0 && (static_cast<unsigned char>(line[keep]) & 0xC0) == 0x80)
    --keep;
  line.resize(keep);
  line += kCut;
}

std::string message_for(LogOutput output, const LogLine& line) {
  switch (output) {
    case LogOutput::text:
      return format_log_line(line.time, line.level, line.part, line.message, line.fields,
                             line.suppressed);
    case LogOutput::journald:
      return journald_message(line);
    case LogOutput::syslog:
      return syslog_message(line, ::getpid());
  }
  return {};
}

class Sink final : public spdlog::sinks::sink {
 public:
  Sink(std::unique_ptr<LogWriter> output, LogOutput kind, std::atomic<std::uint64_t>& dropped)
      : output_(std::move(output)), kind_(kind), dropped_(dropped) {}

  // Set before the first line; the pool ends its thread before it ends itself.
  void watch(spdlog::details::thread_pool& pool) { pool_ = &pool; }

  void log(const spdlog::details::log_msg& message) override {
    count_overrun();
    if (!output_->write({message.payload.data(), message.payload.size()})) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    const std::uint64_t lost = dropped_.load(std::memory_order_relaxed) - reported_;
    if (lost == 0) return;
    const LogField count("count", lost);
    const std::string report =
        message_for(kind_, {wall_now(), LogLevel::warn, "log", "lines were dropped", {count}});
    if (output_->write(report)) reported_ += lost;
  }

  void flush() override {}

  void set_pattern(const std::string&) override {}

  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  void count_overrun() {
    const std::uint64_t overrun = pool_ == nullptr ? 0 : pool_->overrun_counter();
    dropped_.fetch_add(overrun - std::exchange(overrun_seen_, overrun), std::memory_order_relaxed);
  }

  std::unique_ptr<LogWriter> output_;
  LogOutput kind_;
  std::atomic<std::uint64_t>& dropped_;
  spdlog::details::thread_pool* pool_ = nullptr;
  std::uint64_t overrun_seen_ = 0;
  std::uint64_t reported_ = dropped_.load(std::memory_order_relaxed);
};

// The log sink: the one global of the program.
struct LogState {
  std::atomic<LogLevel> level{LogLevel::info};
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<LogOutput> output{LogOutput::text};  // of `logger`
  std::atomic<spdlog::logger*> logger{nullptr};    // null: write at once
  std::shared_ptr<spdlog::details::thread_pool> pool;
  // Loggers are kept: a thread may still hold the pointer when the log stops.
  std::vector<std::shared_ptr<spdlog::async_logger>> loggers;
};

LogState& state() {
  static LogState log_state;
  return log_state;
}

void count_drop() {
  state().dropped.fetch_add(1, std::memory_order_relaxed);
}

void block_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

void write_now(const std::string& line) {
  if (!write_to_stderr(line)) count_drop();
}

void emit(LogLevel level, std::string_view part, std::string_view message, LogFields fields,
          std::uint64_t suppressed) {
  try {
    auto* logger = state().logger.load(std::memory_order_acquire);
    const LogOutput output =
        logger == nullptr ? LogOutput::text : state().output.load(std::memory_order_relaxed);
    std::string line = message_for(output, {wall_now(), level, part, message, fields, suppressed});
    if (logger != nullptr) {
      logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
    } else {
      write_now(line);
    }
  } catch (...) {  // out of memory, or spdlog's own
    count_drop();
  }
}

}  // namespace

std::string_view to_string(LogLevel level) {
  return kLevelNames[static_cast<std::size_t>(level)];
}

Result<LogLevel> parse_log_level(std::string_view text) {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (text == kLevelNames[i]) return static_cast<LogLevel>(i);
  }
  return fail(Errc::invalid, "is not a log level (trace, debug, info, warn, error, off)");
}

std::string format_log_line(WallTime time, LogLevel level, std::string_view part,
                            std::string_view message, LogFields fields, std::uint64_t suppressed) {
  std::string line;
  line.reserve(256);
  line += UtcText()(time);
  fmt::format_to(std::back_inserter(line), " {:<5} ", to_string(level));
  append_escaped(line, part, Quoted::no);
  line += ": ";
  append_escaped(line, message, Quoted::no);
  for (const LogField& field : fields) {
    if (line.size() >= kLineBytesMax) break;
    line += ' ';
    line += field.key;
    line += '=';
    append_value(line, field);
  }
  if (suppressed != 0) fmt::format_to(std::back_inserter(line), " suppressed={}", suppressed);
  limit_line(line);
  return line;
}

Result<void> start_log(const LogOptions& options) {
  stop_log();
  LogState& log_state = state();
  log_state.level.store(options.level, std::memory_order_relaxed);
  try {
    auto output = open_log_output(options);
    if (!output) return output.error();
    auto sink = std::make_shared<Sink>(std::move(*output), options.output, log_state.dropped);
    auto pool = std::make_shared<spdlog::details::thread_pool>(
        std::max<std::size_t>(options.queue_lines, 1), 1, block_signals);
    sink->watch(*pool);
    auto logger = std::make_shared<spdlog::async_logger>(
        "ravelin", std::move(sink), pool, spdlog::async_overflow_policy::overrun_oldest);
    logger->set_error_handler([](const std::string&) { count_drop(); });
    log_state.pool = std::move(pool);
    log_state.output.store(options.output, std::memory_order_relaxed);
    log_state.loggers.push_back(std::move(logger));
    log_state.logger.store(log_state.loggers.back().get(), std::memory_order_release);
  } catch (const std::exception& error) {
    return fail(Errc::unavailable, "starting the log: {}", error.what());
  }
  return {};
}

void stop_log() {
  LogState& log_state = state();
  log_state.logger.store(nullptr, std::memory_order_release);
  log_state.pool.reset();  // writes what waits, then joins
}

void set_log_level(LogLevel level) {
  state().level.store(level, std::memory_order_relaxed);
}

bool log_enabled(LogLevel level) {
  return level != LogLevel::off && level >= state().level.load(std::memory_order_relaxed);
}

std::uint64_t log_dropped() {
  return state().dropped.load(std::memory_order_relaxed);
}

void log(LogLevel level, std::string_view part, std::string_view message, LogFields fields) {
  if (log_enabled(level)) emit(level, part, message, fields, 0);
}

std::optional<std::uint64_t> LogRate::admit(MonoTime now) {
  const auto second = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(now.since_boot).count());
  std::uint64_t window = window_.load(std::memory_order_relaxed);
  for (;;) {
    const bool is_same = window >> 32 == second;
    const std::uint64_t lines = is_same ? window & 0xFFFFFFFF : 0;
    if (lines >= per_second_) {
      suppressed_.fetch_add(1, std::memory_order_relaxed);
      return std::nullopt;
    }
    const std::uint64_t next = (std::uint64_t{second} << 32) | (lines + 1);
    if (window_.compare_exchange_weak(window, next, std::memory_order_relaxed)) break;
  }
  return suppressed_.exchange(0, std::memory_order_relaxed);
}

void log_limited(LogRate& rate, LogLevel level, std::string_view part, std::string_view message,
                 LogFields fields) {
  if (!log_enabled(level)) return;
  if (const auto suppressed = rate.admit(mono_now())) {
    emit(level, part, message, fields, *suppressed);
  }
}

}  // namespace ravelin::base
