#include "certs/acme/url.h"

#include "base/address.h"
#include "base/text.h"
#include "certs/acme/fields.h"

#include <algorithm>

namespace ravelin::certs::acme {
namespace {

using base::Errc;
using base::fail;

constexpr std::uint16_t kHttpPort = 80;

bool is_name(std::string_view host) {
  if (host.empty() || host.size() > 253 || host.front() == '.' || host.front() == '-') return false;
  return std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

}  // namespace

Result<Url> parse_url(std::string_view text, PlainHttp plain) {
  const auto refuse = [text](std::string_view rule) {
    return fail(Errc::invalid, "\"{}\" {}", text.substr(0, 200), rule);
  };
  const bool is_plain = plain == PlainHttp::allowed && text.starts_with("http://");
  // The same rules behind another scheme.
  const bool is_url =
      is_plain ? is_https_url("https" + std::string(text.substr(4))) : is_https_url(text);
  if (!is_url)
    return refuse(plain == PlainHttp::allowed ? "is not an http or https URL"
                                              : "is not an https URL");
  std::string_view rest = text.substr(text.find("://") + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, end);
  Url url;
  url.is_plain = is_plain;
  if (is_plain) url.port = kHttpPort;
  url.target = rest.substr(end);
  if (!url.target.starts_with('/')) url.target.insert(0, 1, '/');
  if (authority.find('@') != std::string_view::npos) return refuse("has user information in it");

  std::string_view host = authority;
  const std::size_t bracket = authority.find(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    const auto port = base::parse_u64(authority.substr(colon + 1));
    if (!port || *port == 0 || *port > 65535) return refuse("has a port that is none (1 to 65535)");
    url.port = static_cast<std::uint16_t>(*port);
    host = authority.substr(0, colon);
  }
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  url.host = base::to_lower(host);
  const auto address = base::parse_ip(url.host);
  url.is_address = address.has_value();
  if (bracketed ? !address : !address && !is_name(url.host))
    return refuse("has a host that is neither a name nor an address");
  url.authority = base::to_lower(authority);
  return url;
}

std::string folder_name(const Url& directory) {
  std::string name = directory.authority;
  if (directory.target != "/directory" && directory.target != "/dir" && directory.target != "/")
    name += directory.target;
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-';
    if (!plain) c = '_';
  }
  if (name.size() > 200) name.resize(200);
  return name;
}

}  // namespace ravelin::certs::acme
