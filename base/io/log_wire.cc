#include "base/io/log_wire.h"

#include "base/text.h"
#include "base/utc.h"
#include "base/utf8.h"

namespace ravelin::base {
namespace {

constexpr std::size_t kValueBytesMax = 4096;
constexpr std::size_t kDatagramBytesMax = 8192;

// RFC 5424 section 6.2.1; journald counts alike.
int severity(LogLevel level) {
  switch (level) {
    case LogLevel::error:
    case LogLevel::off:
      return 3;
    case LogLevel::warn:
      return 4;
    case LogLevel::info:
      return 6;
    case LogLevel::debug:
    case LogLevel::trace:
      return 7;
  }
  return 6;
}

std::string value_text(const LogField& field) {
  if (const auto* text = std::get_if<std::string_view>(&field.value))
    return std::string(text->substr(0, kValueBytesMax));
  if (const auto* yes = std::get_if<bool>(&field.value)) return *yes ? "true" : "false";
  if (const auto* real = std::get_if<double>(&field.value)) return fmt::format("{}", *real);
  if (const auto* number = std::get_if<std::int64_t>(&field.value))
    return fmt::format("{}", *number);
  return fmt::format("{}", std::get<std::uint64_t>(field.value));
}

// "KEY=value", or with the length in front where the value holds a line end.
void put_journald(std::string& out, std::string_view key, std::string_view value) {
  out += key;
  if (value.find('\n') == std::string_view::npos) {
    out += '=';
  } else {
    out += '\n';
    for (int shift = 0; shift < 64; shift += 8)
      out += static_cast<char>(std::uint64_t{value.size()} >> shift & 0xff);
  }
  out += value;
  out += '\n';
}

std::string journald_key(std::string_view key) {
  std::string out = "RAVELIN_";
  for (const char c : key)
    out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

// Section 6.3.3: UTF-8 with '"', '\' and ']' escaped; controls and broken UTF-8 become '?'.
void put_param(std::string& out, std::string_view value) {
  for (std::size_t i = 0; i < value.size();) {
    const char c = value[i];
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      if (c == '"' || c == '\\' || c == ']') out += '\\';
      out += byte < 0x20 || byte == 0x7F ? '?' : c;
      ++i;
      continue;
    }
    const std::string_view rest = value.substr(i);
    const std::size_t length = utf8_sequence_length(rest);
    if (length == 0 || is_c1_control(rest)) {
      out += '?';
    } else {
      out += rest.substr(0, length);
    }
    i += length == 0 ? 1 : length;
  }
}

// The line as on stderr, behind "time level ".
std::string text_of(const LogLine& line) {
  const std::string whole =
      format_log_line(line.time, line.level, line.part, line.message, line.fields, line.suppressed);
  const std::size_t start = whole.find(' ', whole.find(' ') + 1);
  return whole.substr(whole.find_first_not_of(' ', start));
}

}  // namespace

std::string journald_message(const LogLine& line) {
  std::string out;
  put_journald(out, "MESSAGE", text_of(line));
  put_journald(out, "PRIORITY", fmt::format("{}", severity(line.level)));
  put_journald(out, "SYSLOG_IDENTIFIER", "ravelin");
  put_journald(out, "RAVELIN_PART", line.part);
  for (const LogField& field : line.fields)
    put_journald(out, journald_key(field.key), value_text(field));
  if (line.suppressed != 0)
    put_journald(out, "RAVELIN_SUPPRESSED", fmt::format("{}", line.suppressed));
  return out;
}

std::string syslog_message(const LogLine& line, pid_t pid) {
  constexpr int kDaemon = 3 << 3;
  std::string out = fmt::format("<{}>1 {} - ravelin {} ", kDaemon | severity(line.level),
                                UtcText()(line.time), pid);
  put_param(out, line.part);
  out += " [ravelin@32473";
  for (const LogField& field : line.fields) {
    std::string param = fmt::format(" {}=\"", field.key);
    put_param(param, value_text(field));
    param += '"';
    if (out.size() + param.size() > kDatagramBytesMax - 256) break;  // a field is whole or absent
    out += param;
  }
  if (line.suppressed != 0) out += fmt::format(" suppressed=\"{}\"", line.suppressed);
  out += "] ";
  std::string text;
  put_param(text, line.message.substr(0, kDatagramBytesMax));
  if (out.size() + text.size() > kDatagramBytesMax) text.resize(kDatagramBytesMax - out.size());
  return out + text;
}

}  // namespace ravelin::base
