// The hot loop of every head: a table walk over the name, a block search over the value. No I/O.
#include "gateway/http1/field_line.h"

#include "gateway/http1/byte_scan.h"

#include <array>

namespace ravelin::gateway::http1 {
namespace {

const char* explain_bad_name(char c, bool at_start) {
  if (at_start && is_blank(c)) return "folded field line";
  if (at_start && c == ':') return "empty field name";
  if (is_blank(c)) return "whitespace in or after a field name";
  if (c == '\r') return "field line without a colon";
  return "character not allowed in a field name";
}

const char* explain_bad_end(char c) {
  if (c == '\r') return "carriage return without line feed";
  if (c == '\n') return "line feed without carriage return";
  return "control character in a field line";
}

}  // namespace

// The end of the line comes first: the next line then does not wait for what this one's name means.
LineEnd read_field_line(const char* at, const char* end, Field& field) {
  const char* const stop = find_control(at, end);
  if (stop[0] != '\r' || stop[1] != '\n') return {nullptr, explain_bad_end(*stop)};
  const char* const colon = find_token_end(at, end);  // `stop` at the latest
  if (*colon != ':' || colon == at) return {nullptr, explain_bad_name(*colon, colon == at)};
  field.name = {at, static_cast<std::size_t>(colon - at)};
  field.id = find_field(field.name);
  const char* value = colon + 1;
  while (is_blank(*value))
    ++value;  // stops at the CR
  const char* last = stop;
  while (last != value && is_blank(last[-1]))
    --last;
  field.value = {value, static_cast<std::size_t>(last - value)};
  return {stop + 2, nullptr};
}

bool is_ambiguous_name(std::string_view name) {
  std::array<char, 32> dashed;  // longer than any known name
  bool is_odd = false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '_') return true;
    const bool is_plain = is_in(name[i], plain_char);
    is_odd = is_odd || !is_plain;
    if (i < dashed.size()) dashed[i] = is_plain ? name[i] : '-';
  }
  if (!is_odd || name.size() > dashed.size()) return false;
  return find_field({dashed.data(), name.size()}) != FieldId::unknown;
}

}  // namespace ravelin::gateway::http1
