#include "gateway/config/words.h"

#include "base/text.h"

#include <algorithm>
#include <optional>

namespace ravelin::gateway {

using base::Errc;
using base::fail;

namespace {

constexpr std::size_t kNameMax = 64;
constexpr std::size_t kHostMax = 253;
constexpr std::size_t kLabelMax = 63;  // RFC 1035 section 2.3.4

bool is_alnum(char c) {
  const char lower = base::to_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kLabelMax) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::ranges::all_of(label, [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

bool are_labels(std::string_view host) {
  while (true) {
    const std::size_t dot = host.find('.');
    if (!is_label(host.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    host.remove_prefix(dot + 1);
  }
}

std::optional<int> hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

bool is_unreserved(char c) {
  return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

// RFC 3986 section 3.3: pchar and "/", with "%" for the escapes checked apart.
bool is_path_char(char c) {
  constexpr std::string_view kOthers = "!$&'()*+,;=:@/%";
  return is_unreserved(c) || kOthers.find(c) != std::string_view::npos;
}

// Empty when every escape is one a normalised path keeps.
std::string bad_escape(std::string_view path) {
  for (std::size_t i = path.find('%'); i != std::string_view::npos; i = path.find('%', i + 1)) {
    const std::string_view escape = path.substr(i, 3);
    const auto high = escape.size() == 3 ? hex_value(escape[1]) : std::nullopt;
    const auto low = escape.size() == 3 ? hex_value(escape[2]) : std::nullopt;
    if (!high || !low) {
      return fmt::format("has a bad escape \"{}\" (% and two digits of 0-9 A-F)", escape);
    }
    const auto byte = static_cast<char>(*high * 16 + *low);
    if (byte == '/' || byte == '\\') return fmt::format("has {} in it, which is refused", escape);
    if (is_unreserved(byte)) return fmt::format("has {} in it; write {}", escape, byte);
  }
  return "";
}

bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, slash);
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(slash);
  }
  return false;
}

// A Unix socket's path must be absolute: it stands in names, logs and metrics.
Result<base::Endpoint> absolute(Result<base::Endpoint> endpoint) {
  if (!endpoint) return endpoint;
  const auto* socket = std::get_if<base::UnixEndpoint>(&*endpoint);
  if (socket == nullptr || socket->path.starts_with('/')) return endpoint;
  return fail(Errc::invalid, "is not absolute (unix:/path)");
}

bool is_visible(char c) {
  return c > 0x20 && c < 0x7f;
}

}  // namespace

bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return std::ranges::all_of(
      text, [&](char c) { return is_alnum(c) || kOthers.find(c) != std::string_view::npos; });
}

Result<std::string> parse_name(std::string_view text) {
  const bool good =
      text.size() <= kNameMax && is_alnum(text.front()) && std::ranges::all_of(text, [](char c) {
        return is_alnum(c) || c == '.' || c == '_' || c == '-';
      });
  if (good) return std::string(text);
  return fail(Errc::invalid,
              "is not a name (1 to {} letters, digits, \".\", \"_\" and \"-\", a letter or digit "
              "first)",
              kNameMax);
}

Result<std::string> parse_host_pattern(std::string_view text) {
  if (text.front() == '[') {
    const auto address = base::parse_ip(text.substr(1, text.size() - (text.back() == ']' ? 2 : 1)));
    const bool good = address && address->family == base::Family::ipv6 && text.back() == ']';
    if (!good) return fail(Errc::invalid, "is not an IPv6 address in brackets");
    return fmt::format("[{}]", base::to_string(*address));
  }
  if (text.find(':') != std::string_view::npos) {
    return fail(Errc::invalid, "has a port in it; a route matches the host alone");
  }
  if (text.ends_with('.')) return fail(Errc::invalid, "ends in a dot; write it without");
  const bool has_wildcard = text.starts_with("*.");
  const std::string_view rest = has_wildcard ? text.substr(2) : text;
  if (text.size() > kHostMax || !are_labels(rest)) {
    return fail(Errc::invalid,
                "is not a host (labels of letters, digits and \"-\"; \"*.\" only in front; other "
                "alphabets as xn--…)");
  }
  return base::to_lower(text);
}

Result<std::string> parse_route_path(std::string_view text) {
  if (text.front() != '/') return fail(Errc::invalid, "does not start with \"/\"");
  if (text.find_first_of("?#") != std::string_view::npos) {
    return fail(Errc::invalid, "has a query or fragment; a route matches the path alone");
  }
  if (!std::ranges::all_of(text, is_path_char)) {
    return fail(Errc::invalid, "has a character no path can have; write it as %XX");
  }
  if (const std::string bad = bad_escape(text); !bad.empty()) {
    return fail(Errc::invalid, "{}", bad);
  }
  if (has_dot_segment(text)) return fail(Errc::invalid, "has a \".\" or \"..\" segment");
  if (text.find("//") != std::string_view::npos) return fail(Errc::invalid, "has an empty segment");
  return std::string(text);
}

Result<std::string> parse_trap_path(std::string_view text) {
  if (!text.starts_with('*')) return parse_route_path(text);
  const std::string_view end = text.substr(1);
  if (end.empty() || end.find('*') != std::string_view::npos)
    return fail(Errc::invalid, "matches nothing (\"*\" stands in front of the end of a path)");
  const auto path =
      parse_route_path(end.starts_with('/') ? std::string(end) : fmt::format("/{}", end));
  if (!path) return path.error();
  return std::string(text);
}

Result<std::string> parse_token(std::string_view text) {
  if (is_token(text) && text.size() <= kNameMax) return std::string(text);
  return fail(Errc::invalid, "is not a name (1 to {} letters, digits and !#$%&'*+-.^_`|~)",
              kNameMax);
}

Result<std::string> parse_method(std::string_view text) {
  if (!is_token(text)) return fail(Errc::invalid, "is not a method");
  if (text == "CONNECT")
    return fail(Errc::invalid, "is refused everywhere; this is no forward proxy");
  if (std::ranges::any_of(text, [](char c) { return c >= 'a' && c <= 'z'; })) {
    return fail(Errc::invalid,
                "is not a method (methods are case-sensitive; write it in capitals)");
  }
  return std::string(text);
}

Result<std::string> parse_key_field(std::string_view text) {
  if (!is_token(text)) return fail(Errc::invalid, "is not the name of a header field");
  std::string name = base::to_lower(text);
  for (const std::string_view other : {"host", "connection", "content-length", "transfer-encoding",
                                       "upgrade", "te", "keep-alive", "x-forwarded-for"}) {
    if (name == other) return fail(Errc::invalid, "does not tell clients apart");
  }
  return name;
}

Result<base::Endpoint> parse_bind(std::string_view text) {
  auto endpoint = base::parse_endpoint(text, base::PortZero::allowed);
  if (endpoint && std::holds_alternative<base::NameEndpoint>(*endpoint)) {
    return fail(Errc::invalid, "is not an address and port (a name cannot be bound)");
  }
  return absolute(std::move(endpoint));
}

Result<std::string> parse_socket_name(std::string_view text) {
  constexpr std::size_t kSocketNameMax = 255;  // FileDescriptorName= of systemd.socket(5)
  const bool is_plain =
      std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f' && c != ':'; });
  if (!text.empty() && text.size() <= kSocketNameMax && is_plain) return std::string(text);
  return fail(Errc::invalid, "is not the name of a passed socket (systemd:NAME)");
}

Result<ProxySource> parse_proxy_source(std::string_view text) {
  if (text == "unix") return ProxySource{.is_unix = true, .prefix = {}};
  auto prefix = base::parse_prefix(text);
  if (!prefix) return prefix.error();
  return ProxySource{.prefix = *prefix};
}

Result<std::string> parse_dns_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  const auto is_label_char = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  std::size_t label = 0;
  bool good = !text.empty() && text.size() <= kHostMax && !base::parse_ip(text);
  for (const char c : text) {
    good = good && (c == '.' ? label != 0 : is_label_char(c) && label < kLabelMax);
    label = c == '.' ? 0 : label + 1;
  }
  if (good && label != 0) return base::to_lower(text);
  return fail(Errc::invalid,
              "is not a name in the DNS (labels of letters, digits, \"-\" and \"_\", with dots "
              "between them)");
}

Result<base::Endpoint> parse_server_address(std::string_view text) {
  return absolute(base::parse_endpoint(text));
}

Result<base::IpEndpoint> parse_ip_endpoint(std::string_view text) {
  const auto endpoint = base::parse_endpoint(text, base::PortZero::allowed);
  if (!endpoint) return endpoint.error();
  if (const auto* ip = std::get_if<base::IpEndpoint>(&*endpoint)) return *ip;
  return fail(Errc::invalid, "is not an IP address and port");
}

Result<std::pair<int, int>> parse_status_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto low = base::parse_u64(text.substr(0, dash));
  const auto high = dash == std::string_view::npos ? low : base::parse_u64(text.substr(dash + 1));
  if (!low || !high || *low < 100 || *high > 599 || *low > *high) {
    return fail(Errc::invalid, "is not a status or a range of them (\"200\", \"200-399\")");
  }
  return std::pair(static_cast<int>(*low), static_cast<int>(*high));
}

Result<Template> parse_location(std::string_view text) {
  const bool is_uri = text.starts_with("https://") || text.starts_with("http://") ||
                      text.starts_with("{scheme}://");
  if (!is_uri && text.front() != '/') {
    return fail(Errc::invalid, "is not a target (it starts with https://, http:// or \"/\")");
  }
  if (!std::ranges::all_of(text, is_visible)) {
    return fail(Errc::invalid, "has a space or other character no URI can have");
  }
  return parse_template(text, TemplateUse::location);
}

Result<Template> parse_field_template(std::string_view text) {
  constexpr std::size_t kBytesMax = 1024;
  if (text.size() > kBytesMax) return fail(Errc::invalid, "is longer than {} bytes", kBytesMax);
  if (const auto value = parse_field_value(text); !value) return value.error();
  return parse_template(text, TemplateUse::field);
}

Result<std::string> parse_log_level(std::string_view text) {
  for (const std::string_view level : {"trace", "debug", "info", "warn", "error"}) {
    if (text == level) return std::string(level);
  }
  return fail(Errc::invalid, "is not one of trace, debug, info, warn, error");
}

Result<std::string> parse_user(std::string_view text) {
  const bool good =
      text.size() <= 32 && text.front() != '-' && std::ranges::all_of(text, [](char c) {
        return is_alnum(c) || c == '_' || c == '-' || c == '.';
      });
  if (good) return std::string(text);
  return fail(Errc::invalid, "is not a user or group name");
}

Result<std::string> parse_field_value(std::string_view text) {
  const bool good = text.front() != ' ' && text.back() != ' ' &&
                    std::ranges::all_of(text, [](char c) { return is_visible(c) || c == ' '; });
  if (good) return std::string(text);
  return fail(Errc::invalid, "has a character in it that a header field cannot carry");
}

Result<std::string> parse_target(std::string_view text) {
  if (text.front() != '/') return fail(Errc::invalid, "does not start with \"/\"");
  if (!std::ranges::all_of(text, is_visible) || text.find('#') != std::string_view::npos) {
    return fail(Errc::invalid, "has a character no request target can have; write it as %XX");
  }
  return std::string(text);
}

}  // namespace ravelin::gateway
