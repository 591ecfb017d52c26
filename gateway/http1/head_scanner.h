// Finds the end of a head in a buffer that grows, before anything is parsed. Each byte is looked at
// once however slowly it comes, and what can never become a legal head is refused at once rather
// than by a deadline. No I/O; the worker's thread.
#pragma once

#include "gateway/http1/parse_result.h"

#include <cstddef>
#include <string_view>

namespace ravelin::gateway::http1 {

enum class HeadKind { request, response };
enum class ScanStatus { need_more, complete, bad };

// The memory of one search. Start a new head with a new HeadScan; its offsets count from the first
// byte of the buffer handed to scan_head(), which may move but must keep what it held.
struct HeadScan {
  std::size_t begin = 0;    // where the head starts, after skipped empty lines
  std::size_t scanned = 0;  // bytes already looked at
  std::size_t end = 0;      // one past the empty line, once complete
  bool in_first_line = true;

  // The head itself, for the parsers; only once complete.
  [[nodiscard]] std::string_view head(std::string_view buffer) const {
    return buffer.substr(begin, end - begin);
  }
};

// Refuses: LF without CR, CR without LF, other control characters (HTAB aside), a first line or a
// head over its limit, a first line without an HTTP/1 version. Up to two empty lines before a
// request line are skipped (RFC 9112 section 2.2). `bad` fills `why`, which is otherwise untouched;
// for responses the reasons are upstream_bad_response and upstream_header_too_large.
ScanStatus scan_head(HeadScan& scan, std::string_view buffer, HeadKind kind,
                     const HeadLimits& limits, ParseResult& why);

}  // namespace ravelin::gateway::http1
