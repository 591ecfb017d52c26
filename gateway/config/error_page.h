// The text of an error page: a file of the operator's with the few places that change. Pure; any
// thread.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

inline constexpr std::size_t kErrorPageBytesMax = 32 * 1024;

struct ErrorPage {
  enum class Place : unsigned char { none, status, reason, request_id };

  struct Part {
    Place place = Place::none;  // none: literal
    std::string literal;
  };

  std::string content_type;
  bool is_html = false;
  std::vector<Part> parts;
};

// `path` says what it is: .html, .htm, .txt, .json, .xml. {status}, {reason} and {request_id} are
// replaced; every other brace stands for itself. Errors, naming the path: another ending, more than
// 64 places, more than kErrorPageBytesMax bytes.
base::Result<ErrorPage> parse_error_page(std::string_view text, std::string_view path);

// The page for one answer; in HTML and XML the values are escaped.
std::string render(const ErrorPage& page, int status, std::string_view reason,
                   std::string_view request_id);

}  // namespace ravelin::gateway
