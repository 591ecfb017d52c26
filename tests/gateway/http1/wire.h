// Test support: a byte stream read the way a connection reads it (scan, parse, body, next request),
// delivered in pieces of any size.
#pragma once

#include "gateway/http1/chunked_decoder.h"
#include "gateway/http1/parse_result.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway::http1 {

struct WireRequest {
  std::string method;
  std::string path;
  std::string authority;
  std::string fields;  // "name=value\n" each
  std::string body;
  std::string trailers;
  bool keep_alive = false;

  friend bool operator==(const WireRequest&, const WireRequest&) = default;
};

struct WireOutcome {
  std::vector<WireRequest> requests;  // complete ones
  Reason reason = Reason::none;       // why reading ended early
  std::string detail;
  bool unfinished = false;  // the bytes ended inside a message

  [[nodiscard]] bool refused() const { return reason != Reason::none; }

  friend bool operator==(const WireOutcome&, const WireOutcome&) = default;
};

// Delivers `bytes` in pieces of `piece` bytes; reads requests until a refusal or the end.
WireOutcome read_requests(std::string_view bytes, std::size_t piece,
                          const HeadLimits& head_limits = {},
                          const ChunkedLimits& chunked_limits = {});

}  // namespace ravelin::gateway::http1
