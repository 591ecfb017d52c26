#include "gateway/config/template.h"

#include "base/text.h"

#include <algorithm>
#include <array>

namespace ravelin::gateway {
namespace {

using base::Errc;
using base::fail;
using base::Result;

constexpr std::array<std::string_view, kVariableCount> kWords = {
    "client", "host", "path", "query",       "scheme",     "method",      "request_id", "listener",
    "route",  "pool", "sni",  "tls.version", "tls.cipher", "tls.subject", "user"};
static_assert(!kWords.back().empty(), "a word for every variable");

std::vector<std::string> words_for(TemplateUse use) {
  if (use == TemplateUse::location) return {"{host}", "{path}", "{query}", "{scheme}"};
  std::vector<std::string> words;
  words.reserve(kWords.size() + 1);
  for (const std::string_view word : kWords)
    words.push_back(fmt::format("{{{}}}", word));
  words.emplace_back("and {{ }} for braces");
  return words;
}

// "{host}"; count_ when it is none that may stand here.
Variable find_variable(std::string_view braced, TemplateUse use) {
  if (braced.size() < 2 || braced.front() != '{' || braced.back() != '}') return Variable::count_;
  const auto* const found = std::ranges::find(kWords, braced.substr(1, braced.size() - 2));
  const auto variable = static_cast<Variable>(found - kWords.begin());
  const bool is_uri_safe = variable >= Variable::host && variable <= Variable::scheme;
  return use == TemplateUse::field || is_uri_safe ? variable : Variable::count_;
}

void add_literal(Template& made, char c) {
  if (made.parts.empty() || !made.parts.back().is_literal) made.parts.emplace_back();
  made.parts.back().literal += c;
}

}  // namespace

Result<Template> parse_template(std::string_view text, TemplateUse use) {
  Template made{.text = std::string(text), .parts = {}};
  while (!text.empty()) {
    const char c = text.front();
    const bool is_brace = c == '{' || c == '}';
    const bool is_doubled =
        is_brace && use == TemplateUse::field && text.size() > 1 && text[1] == c;
    if (!is_brace || is_doubled) {
      add_literal(made, c);
      text.remove_prefix(is_doubled ? 2 : 1);
      continue;
    }
    const std::size_t end = text.find('}');
    const std::string_view shown = text.substr(0, end == text.npos ? end : end + 1);
    const Variable variable = find_variable(shown, use);
    if (variable == Variable::count_)
      return fail(Errc::invalid, "has \"{}\" in it; known are {}", shown,
                  base::join(words_for(use), " "));
    made.parts.push_back({false, {}, variable});
    text.remove_prefix(shown.size());
  }
  if (made.parts.size() > kTemplatePartsMax)
    return fail(Errc::invalid, "has {} parts; at most {} are allowed", made.parts.size(),
                kTemplatePartsMax);
  return made;
}

std::string_view to_string(Variable variable) {
  return kWords[static_cast<std::size_t>(variable)];
}

}  // namespace ravelin::gateway
