// Template: text with variables in braces, as in "https://{host}{path}{query}": what redirects and
// header rules write. Parsed when the configuration is read, never while serving. Pure; any thread.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

// In the order of their words in template.cc.
enum class Variable : std::uint8_t {
  client,  // the other end of the connection
  host,    // Host as received, with its port
  path,    // in its canonical form, before any rewrite
  query,   // with its "?", or nothing
  scheme,  // http or https
  method,
  request_id,  // the one the server is sent
  listener,
  route,
  pool,         // "" where no pool serves
  sni,          // the next four: "" without TLS
  tls_version,  // 1.3
  tls_cipher,
  tls_subject,  // of a verified client certificate
  user,         // of basic_auth, or ""
  count_,
};

inline constexpr std::size_t kVariableCount = static_cast<std::size_t>(Variable::count_);

struct TemplatePart {
  bool is_literal = true;
  std::string literal;
  Variable variable = Variable::count_;
};

struct Template {
  std::string text;  // as written
  std::vector<TemplatePart> parts;
};

inline constexpr std::size_t kTemplatePartsMax = 32;

enum class TemplateUse : std::uint8_t {
  location,  // a redirect's target: host, path, query and scheme alone, which are safe in a URI
  field,     // a header field's value: every variable
};

// Refused, worded to follow the quoted text: an unknown variable, a brace that belongs to none (in
// a field "{{" and "}}" write one), too many parts. What other characters may stand there is the
// caller's rule.
base::Result<Template> parse_template(std::string_view text, TemplateUse use);

std::string_view to_string(Variable variable);  // "tls.version"

}  // namespace ravelin::gateway
