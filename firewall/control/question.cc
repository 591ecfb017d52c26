#include "firewall/control/question.h"

namespace ravelin::firewall {

namespace json = boost::json;

const json::value* Question::find(std::string_view key) const {
  const json::value* value = object_.if_contains(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

void Question::refuse(std::string_view key, std::string_view rule) {
  if (!error_) error_ = base::fail(base::Errc::invalid, "\"{}\" {}", key, rule);
}

std::string Question::text_or(std::string_view key, std::string_view otherwise) {
  const json::value* value = find(key);
  if (value == nullptr) return std::string(otherwise);
  if (const json::string* string = value->if_string()) return std::string(*string);
  refuse(key, "must be a text");
  return {};
}

std::string Question::text(std::string_view key) {
  std::string given = text_or(key, "");
  if (given.empty()) refuse(key, "is missing");
  return given;
}

bool Question::flag(std::string_view key) {
  const json::value* value = find(key);
  if (value == nullptr) return false;
  if (const bool* given = value->if_bool()) return *given;
  refuse(key, "must be true or false");
  return false;
}

std::optional<std::uint64_t> Question::number(std::string_view key) {
  const json::value* value = find(key);
  if (value == nullptr) return std::nullopt;
  const auto given = json::try_value_to<std::uint64_t>(*value);
  if (given) return *given;
  refuse(key, "must be a whole number");
  return std::nullopt;
}

std::optional<std::chrono::seconds> Question::duration(std::string_view key) {
  constexpr std::uint64_t kLongest = 10ULL * 365 * 86400;
  const auto given = number(key);
  if (!given) return std::nullopt;
  if (*given == 0 || *given > kLongest) refuse(key, "is a time from a second to ten years");
  return std::chrono::seconds(*given);
}

base::IpPrefix Question::prefix(std::string_view key) {
  const std::string given = text(key);
  if (error_) return {};
  const auto prefix = base::parse_prefix(given);
  if (prefix) return *prefix;
  refuse(key, prefix.error().message);
  return {};
}

std::optional<base::IpAddress> Question::address(std::string_view key) {
  const std::string given = text_or(key, "");
  if (given.empty()) return std::nullopt;
  const auto address = base::parse_ip(given);
  if (address) return *address;
  refuse(key, address.error().message);
  return std::nullopt;
}

}  // namespace ravelin::firewall
