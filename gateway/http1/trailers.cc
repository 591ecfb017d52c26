// Trailer fields are data from behind the decision: whatever routing, framing or authentication
// could have used is left out. No I/O.
#include "gateway/http1/trailers.h"

#include "base/check.h"
#include "base/text.h"
#include "gateway/http1/field_line.h"

#include <algorithm>

namespace ravelin::gateway::http1 {

bool is_forwardable_trailer(const Field& field) {
  constexpr std::string_view kRefusedPrefixes[] = {
      "content-", "x-forwarded-", "proxy-",          "sec-",
      "if-",      "accept-",      "access-control-", "client-cert",
  };
  if (field.id == FieldId::etag || field.id == FieldId::server_timing) return true;
  if (field.id != FieldId::unknown || is_ambiguous_name(field.name)) return false;
  return std::none_of(std::begin(kRefusedPrefixes), std::end(kRefusedPrefixes),
                      [&field](std::string_view prefix) {
                        return base::iequals(field.name.substr(0, prefix.size()), prefix);
                      });
}

ParseResult keep_forwardable(std::string& block) {
  const char* at = block.data();
  const char* const end = block.data() + block.size();
  char* kept_end = block.data();
  while (at != end) {
    Field field;
    const LineEnd line = read_field_line(at, end, field);
    if (line.next == nullptr) return {Reason::bad_trailer, line.wrong};
    if (is_forwardable_trailer(field)) kept_end = std::copy(at, line.next, kept_end);
    at = line.next;
  }
  block.resize(static_cast<std::size_t>(kept_end - block.data()));
  return {};
}

void read_trailers(std::string_view block, FieldList& out) {
  out.clear();
  const char* at = block.data();
  const char* const end = at + block.size();
  while (at != end) {
    Field field;
    at = read_field_line(at, end, field).next;
    CHECK(at != nullptr);  // keep_forwardable() has read every line
    CHECK(out.push_back(field));
  }
}

}  // namespace ravelin::gateway::http1
