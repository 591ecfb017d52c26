// A backend's response head as values, or what is wrong with it: the same strictness as for
// requests, because an ambiguous response lets one client read another's. Pure, no allocation; the
// worker's thread.
#pragma once

#include "gateway/http/fields.h"
#include "gateway/http1/connection.h"
#include "gateway/http1/framing.h"
#include "gateway/http1/parse_result.h"

#include <cstdint>
#include <string_view>

namespace ravelin::gateway::http1 {

// All views point into the head that was parsed: it must stay in place.
struct ResponseHead {
  int status = 0;                  // 100 to 599
  std::string_view reason_phrase;  // may be empty
  int minor_version = 1;

  // How many bytes follow this head, whatever its fields promise: none after HEAD, 1xx, 204 and 304
  // (RFC 9112 section 6.3). until_close when neither length nor chunked was given.
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;  // as sent, also when the framing is none (HEAD, 304)
  bool has_content_length = false;

  bool keep_alive = true;          // the upstream connection may be used again
  bool switches_protocol = false;  // 101; the caller knows whether it was asked for
  ConnectionOptions connection;

  // Every field but Content-Length and Transfer-Encoding, which are the values above.
  FieldList fields;

  void clear();  // as RequestHead::clear()

  // As RequestHead::connection_names().
  [[nodiscard]] bool connection_names(std::string_view field_name) const;
};

// `head` is a whole head, its empty line included; `request_method` is that of the request it
// answers. Reasons: upstream_bad_response, or upstream_header_too_large for size and count limits.
// Refused as in requests; also a body length with 1xx or 204 (Content-Length: 0 passes), status
// codes outside 100 to 599, 101 without Upgrade.
ParseResult parse_response_head(std::string_view head, Method request_method,
                                const HeadLimits& limits, ResponseHead& out);

}  // namespace ravelin::gateway::http1
