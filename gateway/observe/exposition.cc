#include "gateway/observe/exposition.h"

#include "base/utf8.h"

#include <array>
#include <charconv>
#include <cmath>

namespace ravelin::gateway {
namespace {

enum class Quotes { kept, escaped };

void append_escaped(std::string& out, std::string_view text, Quotes quotes) {
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x80) {
      const std::size_t length = base::utf8_sequence_length(text.substr(i));
      out += length == 0 ? std::string_view("\xEF\xBF\xBD") : text.substr(i, length);
      i += length == 0 ? 1 : length;
      continue;
    }
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes == Quotes::escaped) {
      out += "\\\"";
    } else {
      out += c;
    }
    ++i;
  }
}

}  // namespace

void append_label(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += ',';
  out.append(name).append("=\"");
  append_escaped(out, value, Quotes::escaped);
  out += '"';
}

void append_family(std::string& out, std::string_view name, std::string_view help,
                   std::string_view type) {
  out.append("# HELP ").append(name).append(" ");
  append_escaped(out, help, Quotes::kept);
  out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void append_sample(std::string& out, std::string_view name, std::string_view labels,
                   std::string_view value) {
  out.append(name);
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out.append(" ").append(value).append("\n");
}

std::string format_value(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end.ptr};
}

std::string format_seconds(std::uint64_t microseconds) {
  std::string text = std::to_string(microseconds / 1'000'000);
  const std::uint64_t rest = microseconds % 1'000'000;
  if (rest == 0) return text;
  std::string digits = std::to_string(1'000'000 + rest);  // 1dddddd keeps the leading zeros
  digits[0] = '.';
  digits.resize(digits.find_last_not_of('0') + 1);
  return text + digits;
}

}  // namespace ravelin::gateway
