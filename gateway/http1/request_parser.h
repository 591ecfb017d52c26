// A request head as values, or the reason why it is refused. What cannot be read in exactly one way
// is not read at all. Pure, no allocation; the worker's thread.
#pragma once

#include "gateway/http/fields.h"
#include "gateway/http1/connection.h"
#include "gateway/http1/framing.h"
#include "gateway/http1/parse_result.h"
#include "gateway/http1/target.h"

#include <cstdint>
#include <string_view>

namespace ravelin::gateway::http1 {

// All views point into the head that was parsed (or to static text): it must stay in place.
struct RequestHead {
  Method method = Method::other;
  std::string_view method_text;
  std::string_view target;  // as received, for the log
  TargetForm target_form = TargetForm::origin;
  Scheme target_scheme = Scheme::none;  // of an absolute-form target
  std::string_view path;                // never empty: "/..." or "*"
  std::string_view query;
  bool has_query = false;

  // From Host or an absolute-form target; all empty for HTTP/1.0 without either.
  std::string_view authority;  // what to send on as Host
  std::string_view host;       // without port and final dot
  std::uint16_t port = 0;
  bool has_port = false;
  bool host_has_upper = false;  // lower_host() before comparing

  int minor_version = 1;  // HTTP/1.0 or 1.1
  bool keep_alive = true;
  Framing framing = Framing::none;   // none, length or chunked
  std::uint64_t content_length = 0;  // for Framing::length
  bool expects_continue = false;     // HTTP/1.1 with a body and Expect: 100-continue

  // A GET in HTTP/1.1 without a body, with Connection: upgrade and exactly one Upgrade line, which
  // `upgrade` holds. False for h2c, HTTP/x and TLS/x, alone or in a list: such tunnels would carry
  // requests past every rule.
  bool wants_upgrade = false;
  std::string_view upgrade;

  ConnectionOptions connection;
  std::uint32_t dropped_fields = 0;  // left out of `fields`: is_ambiguous_name()

  // Every field but Host, Content-Length and Transfer-Encoding: those are the values above, and
  // what is sent on is written from the values alone, so that no received framing can be forwarded.
  FieldList fields;

  // Forgets the request before, whose bytes are gone, without touching the list's memory. A head
  // kept for reuse is cleared before anything reads it that parse_request_head() has not filled.
  void clear();

  // Whether Connection names this field as hop-by-hop (connection.h says which it cannot name).
  [[nodiscard]] bool connection_names(std::string_view field_name) const;
};

// `head` is a whole head, its empty line included (HeadScan::head()). `out` is overwritten; after a
// refusal method_text, target, authority and what else was read stay filled in, for the log.
ParseResult parse_request_head(std::string_view head, const HeadLimits& limits, RequestHead& out);

}  // namespace ravelin::gateway::http1
