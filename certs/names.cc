#include "certs/names.h"

#include "base/address.h"
#include "base/text.h"

#include <algorithm>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kNameMax = 253;
constexpr std::size_t kLabelMax = 63;

Result<> check_label(std::string_view label, std::string_view name) {
  if (label.empty()) return fail(Errc::invalid, "name \"{}\": a label is empty", name);
  if (label.size() > kLabelMax)
    return fail(Errc::invalid, "name \"{}\": the label \"{}\" has more than {} characters", name,
                label, kLabelMax);
  if (label.front() == '-' || label.back() == '-')
    return fail(Errc::invalid, "name \"{}\": the label \"{}\" begins or ends with \"-\"", name,
                label);
  for (const char c : label) {
    if (c >= 'A' && c <= 'Z')
      return fail(Errc::invalid, "name \"{}\": write it in lower case: \"{}\"", name,
                  base::to_lower(name));
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!is_plain && static_cast<unsigned char>(c) >= 0x80)
      return fail(Errc::invalid, "name \"{}\": write it in its xn-- form (IDNA)", name);
    if (!is_plain)
      return fail(Errc::invalid, "name \"{}\": \"{}\" cannot stand in a host name", name,
                  c < ' ' || c == 0x7f ? '?' : c);
  }
  return {};
}

bool is_number(std::string_view label) {
  return std::ranges::all_of(label, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<> check_host_name(std::string_view name) {
  if (name.empty()) return fail(Errc::invalid, "a name is empty");
  if (name.size() > kNameMax)
    return fail(Errc::invalid, "name \"{}...\": has more than {} characters", name.substr(0, 40),
                kNameMax);
  std::string_view rest = name;
  const bool is_wildcard = rest.starts_with("*.");
  if (is_wildcard) rest.remove_prefix(2);
  if (rest.find('*') != std::string_view::npos)
    return fail(Errc::invalid, "name \"{}\": \"*\" can only stand for the whole first label", name);
  if (is_wildcard && rest.find('.') == std::string_view::npos)
    return fail(Errc::invalid, "name \"{}\": \"*\" needs at least two labels behind it", name);
  while (true) {
    const std::size_t dot = rest.find('.');
    if (auto checked = check_label(rest.substr(0, dot), name); !checked) return checked;
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  if (!is_number(rest)) return {};
  return fail(Errc::invalid, "name \"{}\": ends in a number, as addresses do", name);
}

Result<> check_name(std::string_view name) {
  const auto address = base::parse_ip(name);
  if (!address) return check_host_name(name);
  const std::string usual = base::to_string(*address);
  if (usual == name) return {};
  return fail(Errc::invalid, "address \"{}\": write it as \"{}\"", name, usual);
}

std::string folder_of(std::string_view name) {
  std::string folder(name);
  if (folder.starts_with('*')) folder.front() = '+';
  return folder;
}

Result<std::string> name_of(std::string_view folder) {
  std::string name(folder);
  if (name.starts_with('+')) name.front() = '*';
  if (auto checked = check_name(name); !checked) return checked.error();
  return name;
}

}  // namespace ravelin::certs
