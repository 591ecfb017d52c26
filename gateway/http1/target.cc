// Splits and validates a request target in one pass over the class table. No I/O.
#include "gateway/http1/target.h"

#include "base/text.h"
#include "gateway/http1/char_class.h"

namespace ravelin::gateway::http1 {
namespace {

constexpr ParseResult refuse_target(std::string_view detail) {
  return {Reason::bad_target, detail};
}

ParseResult explain_target_character(char c) {
  if (c == '#') return refuse_target("fragment in the target");
  if (c == '\\') return refuse_target("backslash in the path");
  if (c == ' ') return refuse_target("space in the target");
  if (is_control(c) || c == '\t') return refuse_target("control character in the target");
  if (static_cast<unsigned char>(c) >= 0x80) return refuse_target("8-bit character in the target");
  return refuse_target("character not allowed in a target");
}

// `text` starts with "/" or "?".
ParseResult parse_path_and_query(std::string_view text, Target& out) {
  std::size_t at = 0;
  for (; at < text.size() && is_in(text[at], path_char); ++at) {
    if (text[at] != '%') continue;
    const bool is_encoded =
        text.size() - at > 2 && is_in(text[at + 1], hex_char) && is_in(text[at + 2], hex_char);
    if (!is_encoded) return refuse_target("percent sign without two hex digits in the path");
  }
  out.path = text.substr(0, at);
  if (at == text.size()) return {};
  if (text[at] != '?') return explain_target_character(text[at]);
  out.has_query = true;
  out.query = text.substr(at + 1);
  for (const char c : out.query) {
    if (!is_in(c, query_char)) return explain_target_character(c);
  }
  return {};
}

// `text` is what follows "scheme://".
ParseResult parse_after_scheme(std::string_view text, Method method, Target& out) {
  std::size_t host_bytes = text.find_first_of("/?#\\");
  if (host_bytes == std::string_view::npos) host_bytes = text.size();
  if (const ParseResult host = parse_host(text.substr(0, host_bytes), out.authority); !host.ok()) {
    return host;
  }
  const std::string_view rest = text.substr(host_bytes);
  if (rest.empty()) {
    out.path = method == Method::options ? kAsterisk : "/";
    return {};
  }
  if (rest.front() != '/' && rest.front() != '?') return explain_target_character(rest.front());
  const ParseResult result = parse_path_and_query(rest, out);
  if (out.path.empty()) out.path = "/";
  return result;
}

}  // namespace

ParseResult parse_target(std::string_view text, Method method, Target& out) {
  constexpr std::string_view kHttp = "http://";
  constexpr std::string_view kHttps = "https://";
  out = Target{};
  if (text.empty()) return refuse_target("empty target");
  if (text.front() == '/') return parse_path_and_query(text, out);
  if (text == kAsterisk) {
    if (method != Method::options) return refuse_target("the target \"*\" is for OPTIONS only");
    out.form = TargetForm::asterisk;
    out.path = text;
    return {};
  }
  out.form = TargetForm::absolute;
  if (base::iequals(text.substr(0, kHttp.size()), kHttp)) {
    out.scheme = Scheme::http;
    return parse_after_scheme(text.substr(kHttp.size()), method, out);
  }
  if (base::iequals(text.substr(0, kHttps.size()), kHttps)) {
    out.scheme = Scheme::https;
    return parse_after_scheme(text.substr(kHttps.size()), method, out);
  }
  return refuse_target("target is neither a path nor an http URI");
}

}  // namespace ravelin::gateway::http1
