#include "base/io/yaml_text.h"

#include "base/text.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace ravelin::base::yaml {
namespace {

constexpr std::size_t kQuoteMax = 80;
constexpr std::size_t kKeyMax = 64;

// The length of the UTF-8 sequence at the front and its code point; length 0 when it is not valid
// (overlong forms, surrogates and what lies beyond U+10FFFF are not).
struct CodePoint {
  std::size_t length = 0;
  std::uint32_t value = 0;
};

CodePoint decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return {1, first};
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return {};
  std::uint32_t value = first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3fU);
  }
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kSmallest[length] || value > 0x10ffff || is_surrogate) return {};
  return {length, value};
}

// YAML 1.2 section 5.1: the characters a file may contain, less NEL and the byte order mark inside.
bool is_allowed(std::uint32_t value) {
  if (value < 0x20) return value == '\t' || value == '\n' || value == '\r';
  if (value >= 0x7f && value <= 0x9f) return false;
  return value != 0xfeff && value != 0xfffe && value != 0xffff;
}

// Column (from 0) of a tab that indents something on this line.
std::optional<std::size_t> indenting_tab(std::string_view line) {
  const std::size_t content = line.find_first_not_of(" \t\r");
  if (content == std::string_view::npos || line[content] == '#') return std::nullopt;
  const std::size_t tab = line.substr(0, content).find('\t');
  if (tab == std::string_view::npos) return std::nullopt;
  return tab;
}

struct Offence {
  std::size_t column;  // from 0
  std::string message;
};

std::optional<Offence> check_line(std::string_view line) {
  for (std::size_t at = 0; at < line.size();) {
    const CodePoint point = decode(line.substr(at));
    if (point.length == 0) return Offence{at, "the file is not valid UTF-8 here"};
    if (!is_allowed(point.value)) {
      return Offence{at, fmt::format("control character U+{:04X}; write it as an escape in double "
                                     "quotes",
                                     point.value)};
    }
    at += point.length;
  }
  if (line.starts_with('%')) {  // yaml-cpp 0.7 drops what it does not know, even in the middle
    return Offence{0, "directives (% at the start of a line) are not supported"};
  }
  if (const auto tab = indenting_tab(line)) {
    return Offence{*tab, "a tab in the indentation; YAML is indented by spaces"};
  }
  return std::nullopt;
}

}  // namespace

bool check_text(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  for (int line_number = 1; !text.empty(); ++line_number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (auto offence = check_line(text.substr(0, end))) {
      diagnostics.error({file, line_number, static_cast<int>(offence->column) + 1}, "",
                        std::move(offence->message));
      return false;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

std::string quote(std::string_view text) {
  const bool is_cut = text.size() > kQuoteMax;
  std::string quoted = "\"";
  for (const char c : text.substr(0, kQuoteMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += fmt::format("\\x{:02x}", byte);
    } else {
      quoted += c;
    }
  }
  quoted += is_cut ? "\"…" : "\"";
  return quoted;
}

std::string key_text(std::string_view key) {
  const bool is_word =
      !key.empty() && key.size() <= kKeyMax && std::ranges::all_of(key, [](char c) {
        const char lower = to_lower(c);
        return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
      });
  return is_word ? std::string(key) : quote(key);
}

}  // namespace ravelin::base::yaml
