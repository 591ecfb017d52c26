// The members of one JSON object from outside, each with a type and a limit. The first thing wrong
// is kept and everything after it is empty, so a parser reads all its members and asks once. Pure.
#pragma once

#include "base/result.h"

#include <boost/json.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs::acme {

using base::Result;

inline constexpr std::size_t kUrlBytesMax = 2'048;
inline constexpr std::size_t kTextBytesMax = 4'096;
inline constexpr std::size_t kListMax = 256;

// Errors: not JSON, nested deeper than anything in ACME, not an object. `what` names it in errors.
Result<boost::json::object> parse_object(std::string_view text, std::string_view what);

// Everything that becomes part of a request is an https URL without spaces or control characters.
bool is_https_url(std::string_view text);
// base64url and not empty: tokens and nonces, which become part of paths and headers.
bool is_token(std::string_view text);

class Fields {
 public:
  // Both must outlive it. `what` is "order", "authorization": the thing in messages.
  Fields(const boost::json::object& object, std::string_view what) : object_(object), what_(what) {}

  std::string text(std::string_view key, std::size_t bytes_max = kTextBytesMax);
  std::string optional_text(std::string_view key, std::size_t bytes_max = kTextBytesMax);
  std::string url(std::string_view key);
  std::string optional_url(std::string_view key);
  bool optional_flag(std::string_view key);
  std::vector<std::string> urls(std::string_view key);
  std::vector<std::string> optional_texts(std::string_view key);
  // nullptr when it is not there; an error when it is of another type.
  const boost::json::object* optional_object(std::string_view key);
  const boost::json::object& object(std::string_view key);
  const boost::json::array& list(std::string_view key);
  const boost::json::array& optional_list(std::string_view key);

  // A word of `words`, by its place.
  std::size_t word(std::string_view key, std::span<const std::string_view> words);

  // What a caller finds wrong itself.
  void refuse(std::string_view key, std::string_view rule);

  [[nodiscard]] const std::optional<base::Error>& error() const { return error_; }

 private:
  const boost::json::value* find(std::string_view key);
  const boost::json::value* need(std::string_view key);
  std::string text_of(const boost::json::value* value, std::string_view key, std::size_t bytes_max);
  std::string checked_url(std::string text, std::string_view key);

  const boost::json::object& object_;
  std::string_view what_;
  std::optional<base::Error> error_;
  const boost::json::object no_object_{};  // what stands for a member that is wrong
  const boost::json::array no_list_{};
};

}  // namespace ravelin::certs::acme
