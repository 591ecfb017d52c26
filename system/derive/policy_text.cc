#include "system/derive/policy_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace ravelin::system {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_' || c == '/';
}

bool is_letter_or_digit(char c) {
  return is_plain(c) && c != '.' && c != '-' && c != '_' && c != '/';
}

std::string sources_of(const DerivedRule& rule) {
  if (rule.connections == 0 && rule.new_connections.empty()) return {};
  std::string limits;
  if (rule.connections != 0) limits += fmt::format("connections: {}, ", rule.connections);
  if (!rule.new_connections.empty()) limits += fmt::format("new: {}, ", rule.new_connections);
  return fmt::format(", per_source: {{ {}over: deny }}", limits);
}

std::string line_of(const DerivedRule& rule) {
  static const std::vector<std::string> any_service{"any"};
  std::string line =
      fmt::format("    - {{ {}: {}", rule.verb == DerivedVerb::allow ? "allow" : "deny",
                  yaml_list(rule.service.empty() ? any_service : rule.service));
  if (!rule.from.empty()) line += ", from: " + yaml_list(rule.from);
  if (!rule.to.empty()) line += ", to: " + yaml_list(rule.to);
  if (!rule.user.empty()) line += fmt::format(", owner: {{ user: {} }}", yaml_text(rule.user));
  line += sources_of(rule);
  if (rule.is_logged) line += fmt::format(", log: {{ prefix: {}, rate: 1/s }}", yaml_text(rule.id));
  return line + fmt::format(", id: {}, note: {} }}\n", yaml_text(rule.id), yaml_text(rule.note));
}

}  // namespace

std::string yaml_text(std::string_view text) {
  if (!text.empty() && is_letter_or_digit(text.front()) && std::ranges::all_of(text, is_plain))
    return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f)
      quoted += fmt::format("\\x{:02x}", byte);
    else if (c == '"' || c == '\\')
      quoted += {'\\', c};
    else
      quoted += c;
  }
  return quoted + '"';
}

std::string yaml_list(std::span<const std::string> texts) {
  if (texts.size() == 1) return yaml_text(texts.front());
  std::string list = "[";
  for (const std::string& text : texts) {
    if (list.size() > 1) list += ", ";
    list += yaml_text(text);
  }
  return list + "]";
}

std::string rule_lines(std::span<const DerivedRule> rules) {
  std::string lines;
  for (const DerivedRule& rule : rules)
    lines += line_of(rule);
  return lines;
}

}  // namespace ravelin::system
