// An https URL, or where that is enough an http one, in its parts. Pure.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ravelin::certs::acme {

using base::Result;

struct Url {
  std::string host;  // a name in lower case, or an address without brackets
  std::uint16_t port = 443;
  std::string authority;  // host and port as a Host header writes them
  std::string target;     // path and query, starts with '/'
  bool is_address = false;
  bool is_plain = false;  // http

  friend bool operator==(const Url&, const Url&) = default;
};

// allowed: for what proves itself, as a signed list does (RFC 5280 section 8).
enum class PlainHttp : unsigned char { refused, allowed };

// Errors: another scheme (http, too, unless allowed: whoever stands between could answer for the
// CA), user information, a host or port that is none, more than 2,048 bytes, characters no URL has.
Result<Url> parse_url(std::string_view text, PlainHttp plain = PlainHttp::refused);

// Where a CA's account is kept: its host, with the port and path where they say more than
// "/directory" does. Letters, digits, '.', '-' and '_'.
std::string folder_name(const Url& directory);

}  // namespace ravelin::certs::acme
