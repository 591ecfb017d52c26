#include "firewall/state/revision_info.h"

#include <boost/json.hpp>

namespace ravelin::firewall {

namespace json = boost::json;

std::string format_info(const RevisionInfo& info) {
  json::object object;
  object["number"] = info.number;
  object["hash"] = info.hash;
  object["path"] = info.path;
  object["made"] = info.made.time_since_epoch().count();
  object["by"] = info.by;
  object["reason"] = info.reason;
  return json::serialize(object) + "\n";
}

Result<RevisionInfo> parse_info(std::string_view text) {
  boost::system::error_code error;
  const json::value root = json::parse({text.data(), text.size()}, error);
  if (error || !root.is_object())
    return base::fail(base::Errc::invalid, "the record of a revision is no JSON object");
  const json::object& object = root.get_object();
  bool is_whole = true;
  const auto text_at = [&](std::string_view key) {
    const json::value* value = object.if_contains(key);
    is_whole = is_whole && value != nullptr && value->is_string();
    return is_whole ? std::string(value->get_string()) : std::string();
  };
  const auto number_at = [&](std::string_view key) -> std::int64_t {
    const json::value* value = object.if_contains(key);
    is_whole = is_whole && value != nullptr && value->is_int64() && value->get_int64() >= 0;
    return is_whole ? value->get_int64() : 0;
  };
  RevisionInfo info;
  info.number = static_cast<std::uint64_t>(number_at("number"));
  info.hash = text_at("hash");
  info.path = text_at("path");
  info.made = std::chrono::sys_seconds(std::chrono::seconds(number_at("made")));
  info.by = text_at("by");
  info.reason = text_at("reason");
  if (!is_whole) return base::fail(base::Errc::invalid, "the record of a revision lacks a member");
  return info;
}

}  // namespace ravelin::firewall
