// The Cookie field (RFC 6265 section 4.2.1): finding one cookie, and leaving one out. Cookies are
// views and never decoded. Pure, no allocation; any thread.
#pragma once

#include "gateway/http/fields.h"
#include "gateway/http1/serialise.h"

#include <optional>
#include <string_view>

namespace ravelin::gateway::http1 {

struct Cookie {
  std::string_view name;   // "" for a piece without "="
  std::string_view value;  // as received, quotes included
  std::string_view text;   // both, without the blanks around
};

// Cuts the next cookie off a field's value; false when there are no more. Pieces without anything
// in them are skipped.
bool next_cookie(std::string_view& list, Cookie& cookie);

// The value of the first cookie with this name (names are case-sensitive).
std::optional<std::string_view> find_cookie(const FieldList& fields, std::string_view name);

// The field's line without the cookies of this name; the line as it was when it has none of them,
// no line when it has no others.
void write_without_cookie(ByteWriter& out, const Field& field, std::string_view name);

}  // namespace ravelin::gateway::http1
