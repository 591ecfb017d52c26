// One field line (RFC 9112 section 5): the single place where names and values are cut out of
// bytes, for requests, responses and trailers. Pure, no allocation; any thread.
#pragma once

#include "gateway/http/fields.h"
#include "gateway/http1/parse_result.h"

#include <string_view>

namespace ravelin::gateway::http1 {

// Where the next line starts, or null and a static text saying what is wrong with this one.
struct LineEnd {
  const char* next = nullptr;
  const char* wrong = nullptr;
};

// Reads the line at `at` into `field`. The caller guarantees that `at` < `end`, that the bytes
// before `end` are CRLF, and that no empty line starts at `at`. Refuses: characters other than
// token characters in a name, an empty name, whitespace before the colon, folded lines, control
// characters and bare CR or LF in a value. 8-bit bytes in a value pass (obs-text); values which
// mean something to the gateway are checked further by their readers.
LineEnd read_field_line(const char* at, const char* end, Field& field);

// Whether a backend may take this name for another one: CGI and its heirs map every character but
// letters and digits to one, so "Content_Length" and "X.Forwarded.For" arrive as the real ones do.
// True for any name with "_", and for one that spells a known field once its other punctuation is
// read as "-". Such request fields are dropped.
bool is_ambiguous_name(std::string_view name);

}  // namespace ravelin::gateway::http1
