#include "policies/parse/words.h"

#include "base/io/yaml_text.h"
#include "base/text.h"

#include <algorithm>

namespace ravelin::policies {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kInterfaceMax = 15;  // IFNAMSIZ less the final zero

bool is_name_char(char c) {
  return base::is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool is_word(std::string_view text, std::string_view further) {
  return !text.empty() && text.size() <= kNameMax && base::is_letter(text.front()) &&
         std::ranges::all_of(text, [further](char c) {
           return is_name_char(c) || further.find(c) != std::string_view::npos;
         });
}

bool is_interface_char(char c) {
  return c > ' ' && c < 0x7f && c != '/' && c != ':' && c != '"' && c != '*' && c != '?' &&
         c != '[';
}

}  // namespace

Result<std::string> parse_name(std::string_view text) {
  if (is_word(text, "")) return std::string(text);
  return fail(Errc::invalid,
              "is not a name (a letter, then letters, digits, \"-\" and \"_\"; at most {} bytes)",
              kNameMax);
}

Result<std::string> parse_id(std::string_view text) {
  if (is_word(text, "/.")) return std::string(text);
  return fail(
      Errc::invalid,
      "is not an id (a letter, then letters, digits, \"-\", \"_\", \".\" and \"/\"; at most "
      "{} bytes)",
      kNameMax);
}

Result<std::string> parse_interface(std::string_view text) {
  std::string_view name = text;
  if (name.ends_with('*')) name.remove_suffix(1);
  if (name.find_first_of("*?[") != std::string_view::npos) {
    return fail(Errc::invalid, "has a wildcard that is not a * at the end; write {}*",
                name.substr(0, name.find_first_of("*?[")));
  }
  const bool is_special = name == "." || name == "..";
  if (text.empty() || text.size() > kInterfaceMax || is_special ||
      !std::ranges::all_of(name, is_interface_char)) {
    return fail(Errc::invalid, "is not the name of an interface (1 to {} characters)",
                kInterfaceMax);
  }
  if (text == "lo") return fail(Errc::invalid, "is always allowed and belongs to no zone");
  return std::string(text);
}

Result<std::uint64_t> parse_count(std::string_view text) {
  constexpr struct {
    char letter;
    std::uint64_t factor;
  } kUnits[] = {{'k', 1'000}, {'M', 1'000'000}, {'G', 1'000'000'000}};

  std::uint64_t factor = 1;
  for (const auto& unit : kUnits) {
    if (!text.ends_with(unit.letter)) continue;
    factor = unit.factor;
    text.remove_suffix(1);
    break;
  }
  const auto number = base::parse_u64(text);
  if (!number) return fail(Errc::invalid, "is not a count (a number, or one with k, M or G)");
  if (*number > UINT64_MAX / factor) return fail(Errc::invalid, "is too large");
  return *number * factor;
}

bool Count::operator()(const yaml::Value& value, std::uint64_t& target) const {
  std::uint64_t given = 0;
  if (!yaml::converted(parse_count)(value, given)) return false;
  if (given < min || given > max) {
    value.error(fmt::format("{} is out of range ({} to {})", value.node().text, min, max));
    return false;
  }
  target = given;
  return true;
}

void append_word(std::string& text, std::string_view word) {
  constexpr std::size_t kTextMax = 200;
  if (text.size() >= kTextMax) {
    if (!text.ends_with("…")) text += ", …";
    return;
  }
  if (!text.empty()) text += ", ";
  text += word;
}

}  // namespace ravelin::policies
