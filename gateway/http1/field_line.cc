// The hot loop of every head: a table walk over the name, a block search over the value. No I/O.
#include "gateway/http1/field_line.h"

#include "gateway/http1/char_class.h"

#include <array>

namespace ravelin::gateway::http1 {
namespace {

const char* explain_bad_name(char c, bool at_start) {
  if (at_start && is_blank(c)) return "folded field line";
  if (at_start && c == ':') return "empty field name";
  if (is_blank(c)) return "whitespace in or after a field name";
  if (c == '\r' || c == '\n') return "field line without a colon";
  return "character not allowed in a field name";
}

}  // namespace

const char* read_field_line(const char*& at, const char* end, Field& field) {
  const char* const name = at;
  while (is_in(*at, token_char))
    ++at;  // stops at CR, which is before `end`
  if (*at != ':' || at == name) return explain_bad_name(*at, at == name);
  field.name = {name, static_cast<std::size_t>(at - name)};
  ++at;
  while (is_blank(*at))
    ++at;
  const char* const value = at;
  at = find_control(at, end);
  if (at[0] != '\r' || at[1] != '\n') {
    if (*at == '\r') return "carriage return without line feed";
    if (*at == '\n') return "line feed without carriage return";
    return "control character in a field value";
  }
  const char* last = at;
  while (last != value && is_blank(last[-1]))
    --last;
  field.value = {value, static_cast<std::size_t>(last - value)};
  field.id = find_field(field.name);
  at += 2;
  return nullptr;
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
