#include "gateway/http1/cookie.h"

#include "base/text.h"

namespace ravelin::gateway::http1 {

bool next_cookie(std::string_view& list, Cookie& cookie) {
  while (!list.empty()) {
    const std::size_t end = list.find(';');
    cookie.text = base::trim(list.substr(0, end));
    list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
    if (cookie.text.empty()) continue;
    const std::size_t equals = cookie.text.find('=');
    const bool has_name = equals != std::string_view::npos;
    cookie.name = has_name ? base::trim(cookie.text.substr(0, equals)) : std::string_view();
    cookie.value = has_name ? base::trim(cookie.text.substr(equals + 1)) : cookie.text;
    return true;
  }
  return false;
}

std::optional<std::string_view> find_cookie(const FieldList& fields, std::string_view name) {
  if (!fields.has(FieldId::cookie)) return std::nullopt;
  for (const Field& field : fields) {
    if (field.id != FieldId::cookie) continue;
    std::string_view list = field.value;
    for (Cookie cookie; next_cookie(list, cookie);)
      if (cookie.name == name) return cookie.value;
  }
  return std::nullopt;
}

void write_without_cookie(ByteWriter& out, const Field& field, std::string_view name) {
  bool has_it = false;
  std::string_view list = field.value;
  for (Cookie cookie; next_cookie(list, cookie);)
    has_it = has_it || cookie.name == name;
  if (!has_it) return write_field(out, field.name, field.value);

  std::string_view before;
  list = field.value;
  for (Cookie cookie; next_cookie(list, cookie);) {
    if (cookie.name == name) continue;
    if (before.empty()) {
      out.append(field.name);
      before = ": ";
    }
    out.append(before);
    out.append(cookie.text);
    before = "; ";
  }
  if (!before.empty()) out.append("\r\n");
}

}  // namespace ravelin::gateway::http1
