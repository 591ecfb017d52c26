// What every HTTP/1 parser answers, and the limits they share. Pure values; any thread.
#pragma once

#include "gateway/observe/reason.h"

#include <cstdint>
#include <string_view>

namespace ravelin::gateway::http1 {

struct [[nodiscard]] ParseResult {
  Reason reason = Reason::none;
  std::string_view detail;  // static text for the operator: what was wrong; empty when ok

  [[nodiscard]] bool ok() const { return reason == Reason::none; }
};

struct HeadLimits {
  std::uint32_t line_bytes_max = 8 * 1024;     // request line or status line, without its CRLF
  std::uint32_t header_bytes_max = 32 * 1024;  // the whole head, its empty line included
  std::uint32_t field_count_max = 100;         // lines; above kFieldCountCeiling counts as that
};

}  // namespace ravelin::gateway::http1
