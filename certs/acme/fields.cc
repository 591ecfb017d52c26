#include "certs/acme/fields.h"

#include <algorithm>

namespace ravelin::certs::acme {
namespace {

namespace json = boost::json;
using base::Errc;
using base::fail;

constexpr std::size_t kDepthMax = 8;
constexpr std::size_t kTokenBytesMax = 512;

}  // namespace

Result<json::object> parse_object(std::string_view text, std::string_view what) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = kDepthMax;
  json::value value = json::parse(text, error, {}, options);
  if (error) return fail(Errc::protocol, "{}: is not JSON ({})", what, error.message());
  if (!value.is_object()) return fail(Errc::protocol, "{}: is JSON, but no object", what);
  return std::move(value.get_object());
}

bool is_https_url(std::string_view text) {
  if (!text.starts_with("https://") || text.size() > kUrlBytesMax) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < '\x7f' && c != '"' && c != '\\'; });
}

bool is_token(std::string_view text) {
  const auto is_base64url = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  return !text.empty() && text.size() <= kTokenBytesMax &&
         std::all_of(text.begin(), text.end(), is_base64url);
}

void Fields::refuse(std::string_view key, std::string_view rule) {
  if (!error_) error_ = fail(Errc::protocol, "{}: \"{}\" {}", what_, key, rule);
}

// null is as good as not there: some CAs write every key.
const json::value* Fields::find(std::string_view key) {
  if (error_) return nullptr;
  const json::value* value = object_.if_contains(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

const json::value* Fields::need(std::string_view key) {
  const json::value* value = find(key);
  if (value == nullptr) refuse(key, "is missing");
  return value;
}

std::string Fields::text_of(const json::value* value, std::string_view key, std::size_t bytes_max) {
  if (value == nullptr) return {};
  const json::string* text = value->if_string();
  if (text == nullptr) {
    refuse(key, "is not a text");
    return {};
  }
  if (text->size() > bytes_max) {
    refuse(key, fmt::format("has {} bytes (at most {})", text->size(), bytes_max));
    return {};
  }
  return {text->data(), text->size()};
}

std::string Fields::checked_url(std::string text, std::string_view key) {
  if (is_https_url(text)) return text;
  refuse(key, "is not an https URL");
  return {};
}

std::string Fields::text(std::string_view key, std::size_t bytes_max) {
  return text_of(need(key), key, bytes_max);
}

std::string Fields::optional_text(std::string_view key, std::size_t bytes_max) {
  return text_of(find(key), key, bytes_max);
}

std::string Fields::url(std::string_view key) {
  return checked_url(text_of(need(key), key, kUrlBytesMax), key);
}

std::string Fields::optional_url(std::string_view key) {
  const json::value* value = find(key);
  if (value == nullptr) return {};
  std::string text = text_of(value, key, kUrlBytesMax);
  return text.empty() ? text : checked_url(std::move(text), key);
}

bool Fields::optional_flag(std::string_view key) {
  const json::value* value = find(key);
  if (value == nullptr) return false;
  if (!value->is_bool()) refuse(key, "is neither true nor false");
  return value->is_bool() && value->get_bool();
}

std::vector<std::string> Fields::urls(std::string_view key) {
  std::vector<std::string> out;
  const json::array& entries = list(key);
  for (std::size_t i = 0; i < entries.size(); ++i)
    out.push_back(checked_url(text_of(&entries[i], key, kUrlBytesMax), key));
  return out;
}

std::vector<std::string> Fields::optional_texts(std::string_view key) {
  std::vector<std::string> out;
  const json::array& entries = optional_list(key);
  for (std::size_t i = 0; i < entries.size(); ++i)
    out.push_back(text_of(&entries[i], key, kTextBytesMax));
  return out;
}

const json::object* Fields::optional_object(std::string_view key) {
  const json::value* value = find(key);
  if (value == nullptr) return nullptr;
  if (!value->is_object()) refuse(key, "is not an object");
  return value->if_object();
}

const json::object& Fields::object(std::string_view key) {
  const json::value* value = need(key);
  if (value == nullptr) return no_object_;
  const json::object* found = optional_object(key);
  return found == nullptr ? no_object_ : *found;
}

const json::array& Fields::list(std::string_view key) {
  return need(key) == nullptr ? no_list_ : optional_list(key);
}

const json::array& Fields::optional_list(std::string_view key) {
  const json::value* value = find(key);
  if (value == nullptr) return no_list_;
  const json::array* found = value->if_array();
  if (found == nullptr) {
    refuse(key, "is not a list");
    return no_list_;
  }
  if (found->size() > kListMax) {
    refuse(key, fmt::format("has {} entries (at most {})", found->size(), kListMax));
    return no_list_;
  }
  return *found;
}

std::size_t Fields::word(std::string_view key, std::span<const std::string_view> words) {
  const std::string found = text(key, 64);
  const auto at = std::find(words.begin(), words.end(), found);
  if (at != words.end()) return static_cast<std::size_t>(at - words.begin());
  refuse(key, "is a word this version of ACME does not have");
  return 0;
}

}  // namespace ravelin::certs::acme
