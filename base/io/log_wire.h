// A line of the operator's log in the words of whoever takes it: text, journald's native protocol,
// syslog (RFC 5424). Pure; any thread.
#pragma once

#include "base/io/log.h"

#include <sys/types.h>

#include <string>

namespace ravelin::base {

struct LogLine {
  WallTime time;
  LogLevel level = LogLevel::info;
  std::string_view part;
  std::string_view message;
  LogFields fields;
  std::uint64_t suppressed = 0;
};

// One datagram for journald: MESSAGE as on stderr but without time and level, PRIORITY,
// SYSLOG_IDENTIFIER, RAVELIN_PART, and each field as RAVELIN_KEY. Each value is cut at 4 KiB.
std::string journald_message(const LogLine& line);

// One datagram for syslog: facility daemon, MSGID the part, the fields as structured data
// "ravelin@32473" (the number RFC 5612 keeps for examples), the message as text. At most 8 KiB.
std::string syslog_message(const LogLine& line, pid_t pid);

}  // namespace ravelin::base
