// Trailer sections (RFC 9110 section 6.5): which fields may come after a body, as text that was
// checked like any head. Pure apart from the caller's string; any thread.
#pragma once

#include "gateway/http/fields.h"
#include "gateway/http1/parse_result.h"

#include <string>
#include <string_view>

namespace ravelin::gateway::http1 {

// Whether a field may be forwarded behind a body. Fields the gateway knows may not (they frame,
// route, authenticate, name the client, or describe the content: RFC 9110 section 6.5.1), ETag and
// Server-Timing aside; nor may their relatives ("content-*", "x-forwarded-*", "proxy-*", "sec-*",
// "if-*", "accept-*", "access-control-*", "client-cert*"); nor may an is_ambiguous_name().
bool is_forwardable_trailer(const Field& field);

// `block` is every line of a trailer section with its CRLF, the empty line left out. Reads each one
// strictly (bad_trailer) and keeps only the lines that may be forwarded.
ParseResult keep_forwardable(std::string& block);

// The fields of a block that keep_forwardable() left, as views into it.
void read_trailers(std::string_view block, FieldList& out);

}  // namespace ravelin::gateway::http1
