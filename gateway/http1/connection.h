// The Connection field (RFC 9110 section 7.6.1): persistence, upgrade, and which fields it may name
// away. Pure, no allocation; any thread.
#pragma once

#include "gateway/http/fields.h"
#include "gateway/http1/parse_result.h"

#include <string_view>

namespace ravelin::gateway::http1 {

// The options of all Connection lines together.
struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
  bool names_fields = false;  // there are options beyond these three
};

// bad_field unless the value is a list of tokens; empty elements are skipped.
ParseResult add_connection(ConnectionOptions& options, std::string_view value);

// Whether the connection may carry another message after this one (RFC 9112 section 9.3).
bool is_persistent(const ConnectionOptions& options, int minor_version);

// Whether a Connection line in `fields` names this field as belonging to this connection only, so
// that it must not be forwarded. Only fields the gateway does not know can be named away: a client
// that lists Cookie, Authorization, X-Forwarded-For or Cache-Control would make backends decide on
// a request other than the one the gateway saw (RFC 9110 forbids senders to do so). Nor can
// "X-Forwarded-*". The fields of is_hop_by_hop() are not forwarded whatever Connection says.
bool connection_names(const ConnectionOptions& options, const FieldList& fields,
                      std::string_view field_name);

}  // namespace ravelin::gateway::http1
