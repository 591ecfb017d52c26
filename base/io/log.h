// The operator's log: lines of "time level part: message key=value ..." on stderr, or their likes
// to journald or syslog (log_wire.h). Any thread may log; a started log hands lines to one writer
// thread over a bounded queue and so never waits for the disk or the terminal. Never throws. The
// one file that wraps spdlog.
#pragma once

#include "base/clock.h"
#include "base/result.h"

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace ravelin::base {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error, off };

std::string_view to_string(LogLevel level);
// Error: not one of trace debug info warn error off.
Result<LogLevel> parse_log_level(std::string_view text);

// One key=value of a line. Borrows key and text for the call only. Keys are ours (letters, digits,
// '_'); values may come from outside and are escaped.
struct LogField {
  LogField(std::string_view field_key, std::string_view text) : key(field_key), value(text) {}

  LogField(std::string_view field_key, const char* text)
      : key(field_key), value(std::string_view(text)) {}

  LogField(std::string_view field_key, const std::string& text)
      : key(field_key), value(std::string_view(text)) {}

  LogField(std::string_view field_key, bool yes) : key(field_key), value(yes) {}

  LogField(std::string_view field_key, double number) : key(field_key), value(number) {}

  LogField(std::string_view field_key, std::signed_integral auto number)
      : key(field_key), value(static_cast<std::int64_t>(number)) {}

  LogField(std::string_view field_key, std::unsigned_integral auto number)
      : key(field_key), value(static_cast<std::uint64_t>(number)) {}

  std::string_view key;
  std::variant<std::string_view, bool, double, std::int64_t, std::uint64_t> value;
};

using LogFields = std::initializer_list<LogField>;

enum class LogOutput : std::uint8_t { text, journald, syslog };

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogOutput output = LogOutput::text;
  std::string socket{};            // of journald or syslog; "" = the system's
  std::string path;                // "" = stderr; else appended to (made with mode 0640)
  std::size_t queue_lines = 8192;  // more waiting than this: the oldest are dropped and counted
};

// Starts the writer thread (all signals blocked in it). Before it, and after stop_log, lines are
// written by the caller, at once. main calls both, once, from one thread; start after any fork and
// after daemonising. Error: `path` cannot be opened, nobody
// listens at `socket`, or no thread.
Result<void> start_log(const LogOptions& options);
// Writes what waits (a reader that takes nothing is given 100 ms), then ends the thread.
void stop_log();

void set_log_level(LogLevel level);
bool log_enabled(LogLevel level);
// Lines lost since the process began: queue full, or the output did not take them.
std::uint64_t log_dropped();

// `part` and `message` are ours, though control characters in them are escaped too. A line is cut
// at 4 KiB.
void log(LogLevel level, std::string_view part, std::string_view message, LogFields fields = {});

inline void log_debug(std::string_view part, std::string_view message, LogFields fields = {}) {
  if (log_enabled(LogLevel::debug)) log(LogLevel::debug, part, message, fields);
}

inline void log_info(std::string_view part, std::string_view message, LogFields fields = {}) {
  log(LogLevel::info, part, message, fields);
}

inline void log_warn(std::string_view part, std::string_view message, LogFields fields = {}) {
  log(LogLevel::warn, part, message, fields);
}

inline void log_error(std::string_view part, std::string_view message, LogFields fields = {}) {
  log(LogLevel::error, part, message, fields);
}

// How often one place may log: at most `per_second` lines in each second of the monotonic clock.
// Any thread; exact under contention. Lives as long as the place that logs (a member, or a static).
class LogRate {
 public:
  explicit constexpr LogRate(std::uint32_t per_second) : per_second_(per_second) {}

  // Nothing = do not log now. A number = log, and say that this many were suppressed since the
  // last line.
  std::optional<std::uint64_t> admit(MonoTime now);

 private:
  std::uint32_t per_second_;
  std::atomic<std::uint64_t> window_{0};  // second << 32 | lines in it
  std::atomic<std::uint64_t> suppressed_{0};
};

// log() under a rate; a line that follows suppressed ones ends in "suppressed=M".
void log_limited(LogRate& rate, LogLevel level, std::string_view part, std::string_view message,
                 LogFields fields = {});

// The line as it is written, without its end of line. Pure; for tests and other sinks.
std::string format_log_line(WallTime time, LogLevel level, std::string_view part,
                            std::string_view message, LogFields fields,
                            std::uint64_t suppressed = 0);

}  // namespace ravelin::base
