// Where the operator's log goes: a descriptor that takes lines, or a socket that takes datagrams.
// None of them waits longer than a moment. The log's writer thread, or whoever logs before it runs.
#pragma once

#include "base/io/log.h"

#include <memory>
#include <string_view>

namespace ravelin::base {

class LogWriter {
 public:
  LogWriter() = default;
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  virtual ~LogWriter() = default;

  // A whole message, without an end of line; false: it is lost, wholly or in part.
  virtual bool write(std::string_view message) = 0;
};

// Error: the file cannot be opened, or nobody listens at the socket.
Result<std::unique_ptr<LogWriter>> open_log_output(const LogOptions& options);

bool write_to_stderr(std::string_view message);

}  // namespace ravelin::base
