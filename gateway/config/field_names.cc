#include "gateway/config/field_names.h"

#include "base/text.h"

#include <algorithm>
#include <array>

namespace ravelin::gateway {
namespace {

using base::Errc;
using base::fail;
using base::Result;

constexpr std::size_t kNameBytesMax = 128;

// RFC 9110 section 7.6.1; as is_hop_by_hop() in gateway/http (a test holds the two together).
constexpr std::array<std::string_view, 7> kConnectionFields = {
    "connection", "http2-settings",    "keep-alive", "proxy-connection",
    "te",         "transfer-encoding", "upgrade"};

bool is_token_char(char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         kOthers.find(c) != std::string_view::npos;
}

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// A field name (RFC 9110 section 5.1) in lower case.
Result<std::string> parse_name_of_field(std::string_view name) {
  std::string lower = base::to_lower(name);
  if (lower.empty() || lower.size() > kNameBytesMax || !std::ranges::all_of(lower, is_token_char))
    return fail(Errc::invalid, "is not the name of a header field");
  return lower;
}

}  // namespace

Result<void> check_matched_field(std::string_view name) {
  const auto lower = parse_name_of_field(name);
  if (!lower) return lower.error();
  if (*lower == "host") return fail(Errc::invalid, "is matched by \"match.host\"");
  if (contains(kConnectionFields, *lower) || *lower == "content-length")
    return fail(Errc::invalid, "belongs to the connection or frames the body; no route sees it");
  if (lower->find('_') != std::string::npos)
    return fail(Errc::invalid, "never arrives: fields with \"_\" in their name are dropped");
  return {};
}

}  // namespace ravelin::gateway
