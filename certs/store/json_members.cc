#include "certs/store/json_members.h"

namespace ravelin::certs {

namespace json = boost::json;
using base::Errc;
using base::Result;

Result<JsonMembers> JsonMembers::parse(std::string_view text, std::string_view what) {
  boost::system::error_code error;
  json::value root = json::parse({text.data(), text.size()}, error);
  if (error || !root.is_object()) return base::fail(Errc::invalid, "{} is no JSON object", what);
  return JsonMembers(std::move(root.get_object()), what);
}

json::value* JsonMembers::take(std::string_view key, json::kind kind) {
  json::value* value = object_.if_contains(key);
  if (value != nullptr && value->kind() == kind) return value;
  if (missing_.empty()) missing_ = key;
  return nullptr;
}

std::string JsonMembers::text(std::string_view key) {
  const json::value* value = take(key, json::kind::string);
  return value == nullptr ? std::string() : std::string(value->get_string());
}

std::uint64_t JsonMembers::number(std::string_view key) {
  const json::value* value = take(key, json::kind::int64);
  if (value == nullptr) return 0;
  if (value->get_int64() < 0 && missing_.empty()) missing_ = key;
  return value->get_int64() < 0 ? 0 : static_cast<std::uint64_t>(value->get_int64());
}

std::chrono::sys_seconds JsonMembers::time(std::string_view key) {
  const json::value* value = take(key, json::kind::int64);
  return std::chrono::sys_seconds(std::chrono::seconds(value == nullptr ? 0 : value->get_int64()));
}

bool JsonMembers::flag(std::string_view key) {
  const json::value* value = take(key, json::kind::bool_);
  return value != nullptr && value->get_bool();
}

std::vector<std::string> JsonMembers::texts(std::string_view key) {
  std::vector<std::string> texts;
  const json::value* value = take(key, json::kind::array);
  if (value == nullptr) return texts;
  texts.reserve(value->get_array().size());
  for (const json::value& each : value->get_array()) {
    if (each.is_string())
      texts.emplace_back(each.get_string());
    else if (missing_.empty())
      missing_ = key;
  }
  return texts;
}

json::object* JsonMembers::object(std::string_view key) {
  json::value* value = take(key, json::kind::object);
  return value == nullptr ? nullptr : &value->get_object();
}

json::array* JsonMembers::array(std::string_view key) {
  json::value* value = take(key, json::kind::array);
  return value == nullptr ? nullptr : &value->get_array();
}

Result<> JsonMembers::whole() const {
  if (missing_.empty()) return {};
  return base::fail(Errc::invalid, "{}: \"{}\" is missing or of another type", what_, missing_);
}

}  // namespace ravelin::certs
