// Request targets (RFC 9112 section 3.2): origin-form, absolute-form and "*". Pure, no allocation;
// any thread.
#pragma once

#include "gateway/http/fields.h"
#include "gateway/http1/host.h"
#include "gateway/http1/parse_result.h"

#include <cstdint>
#include <string_view>

namespace ravelin::gateway::http1 {

// The path of an OPTIONS that asks about the server itself (RFC 9110 section 9.3.7).
inline constexpr std::string_view kAsterisk = "*";

enum class TargetForm : std::uint8_t { origin, absolute, asterisk };
enum class Scheme : std::uint8_t { none, http, https };  // none: not in the target

struct Target {
  TargetForm form = TargetForm::origin;
  Scheme scheme = Scheme::none;
  bool has_query = false;
  std::string_view path;   // as received, starts with "/"; "*" for the asterisk-form
  std::string_view query;  // as received, without "?"
  HostParts authority;     // absolute-form only
};

// Nothing is decoded: what routes and backends see is what was sent. Paths with dot segments, "%2F"
// or "//" are a route's decision (PathPolicy), not refused here.
// Refuses (bad_target): control characters, space, DEL and 8-bit bytes, `"`, `#`, `<`, `>`; in a
// path also backslash and "%" without two hex digits (a query may hold both: browsers send them,
// and nothing routes on a query). `[]{}|^` and backtick are no URI characters either but pass:
// clients in use send them, and they have one reading. An absolute-form has scheme http or https
// and a valid authority (bad_host otherwise); without a path it means "/", or "*" for OPTIONS (RFC
// 9112 section 3.2.4).
ParseResult parse_target(std::string_view text, Method method, Target& out);

}  // namespace ravelin::gateway::http1
