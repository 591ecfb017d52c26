#include "certs/acme/order_note.h"

#include "certs/acme/fields.h"

namespace ravelin::certs::acme {

std::string format_note(const NotedOrder& noted) {
  return boost::json::serialize(boost::json::object{
      {"directory", noted.directory}, {"account", noted.account}, {"order", noted.order}});
}

std::optional<NotedOrder> parse_note(std::string_view text) {
  const auto object = parse_object(text, "note");
  if (!object) return std::nullopt;
  Fields fields(*object, "note");
  NotedOrder noted{fields.url("directory"), fields.url("account"), fields.url("order")};
  if (fields.error()) return std::nullopt;
  return noted;
}

}  // namespace ravelin::certs::acme
