#include "base/io/yaml_rules.h"

#include "base/io/file.h"
#include "base/io/yaml_text.h"

#include <algorithm>

namespace ravelin::base::yaml {
namespace {

constexpr std::size_t kTextMax = 4096;
constexpr std::size_t kSuggestMax = 64;

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

// The number a plain scalar spells in decimal; null, and reported, for anything else.
std::optional<std::uint64_t> plain_number(const Value& value, std::string_view range) {
  const std::string* text = value.scalar("a number");
  if (text == nullptr) return std::nullopt;
  if (const auto number = parse_u64(*text)) {
    if (value.node().quoted) {
      value.error(fmt::format("{} is text; write the number without quotes", quote(*text)));
      return std::nullopt;
    }
    if (text->size() == 1 || text->front() != '0') return *number;
    value.error(fmt::format("{} has leading zeros; write {}", *text, *number));
    return std::nullopt;
  }
  value.error(fmt::format("{} is not a whole number ({})", quote(*text), range));
  return std::nullopt;
}

}  // namespace

bool read(const Value& value, std::string& target) {
  std::string given;
  if (!text(1, kTextMax)(value, given)) return false;
  if (std::ranges::any_of(given, is_control)) {
    value.error(fmt::format("{} has a control character in it", quote(given)));
    return false;
  }
  target = std::move(given);
  return true;
}

bool read(const Value& value, bool& target) {
  const std::string* given = value.scalar("true or false");
  if (given == nullptr) return false;
  const bool is_word = *given == "true" || *given == "false";
  if (is_word && !value.node().quoted) {
    target = *given == "true";
    return true;
  }
  value.error(is_word ? fmt::format("{} is text; write it without quotes", quote(*given))
                      : fmt::format("{} is not true or false", quote(*given)));
  return false;
}

bool read_number(const Value& value, std::uint64_t min, std::uint64_t max, std::uint64_t& target) {
  const std::string range = fmt::format("{} to {}", min, max);
  const auto number = plain_number(value, range);
  if (!number) return false;
  if (*number < min || *number > max) {
    value.error(fmt::format("{} is out of range ({})", *number, range));
    return false;
  }
  target = *number;
  return true;
}

bool read_bytes(const Value& value, std::uint64_t min, std::uint64_t max, std::uint64_t& target) {
  const std::string* given = value.scalar("a size");
  if (given == nullptr) return false;
  const auto size = parse_bytes(*given);
  if (!size) {
    value.error(fmt::format("{} {}", quote(*given), size.error().message));
    return false;
  }
  if (*size < min || *size > max) {
    value.error(
        fmt::format("{} is out of range ({} to {})", *given, format_bytes(min), format_bytes(max)));
    return false;
  }
  target = *size;
  return true;
}

bool read_duration(const Value& value, std::chrono::nanoseconds min, std::chrono::nanoseconds max,
                   std::chrono::nanoseconds unit, std::chrono::nanoseconds& target) {
  const std::string* given = value.scalar("a duration");
  if (given == nullptr) return false;
  const auto duration = parse_duration(*given);
  if (!duration) {
    value.error(fmt::format("{} {}", quote(*given), duration.error().message));
    return false;
  }
  if (*duration < min || *duration > max) {
    value.error(fmt::format("{} is out of range ({} to {})", *given, format_duration(min),
                            format_duration(max)));
    return false;
  }
  if (duration->count() % unit.count() != 0) {
    value.error(fmt::format("{} is finer than {}", *given, format_duration(unit)));
    return false;
  }
  target = *duration;
  return true;
}

bool Text::operator()(const Value& value, std::string& target) const {
  const std::string* given = value.scalar("text");
  if (given == nullptr) return false;
  if (given->size() < min || given->size() > max) {
    value.error(given->empty()
                    ? "is empty; write a value or remove the key"
                    : fmt::format("has {} bytes; {} to {} are allowed", given->size(), min, max));
    return false;
  }
  target = *given;
  return true;
}

bool Path::operator()(const Value& value, std::string& target) const {
  std::string given;
  if (!read(value, given)) return false;
  target = beside(value.report().directory + "/", beside(value.pos().file, given));
  return true;
}

void report_choice(const Value& value, std::span<const std::string_view> words) {
  const std::string& given = value.node().text;
  std::string message = fmt::format("{} is not one of {}", quote(given), fmt::join(words, ", "));
  if (given.size() <= kSuggestMax) {
    if (const auto near = suggest(given, words))
      message += fmt::format(" (did you mean {}?)", *near);
  }
  value.error(std::move(message));
}

void report_bad_text(const Value& value, const Error& error) {
  value.error(fmt::format("{} {}", quote(value.node().text), error.message));
}

bool check_size(const Value& list, std::size_t min, std::size_t max) {
  const std::size_t size = list.node().items.size();
  if (size >= min && size <= max) return true;
  list.error(size == 0 ? "is an empty list; write at least one entry"
                       : fmt::format("has {} entries; {} to {} are allowed", size, min, max));
  return false;
}

}  // namespace ravelin::base::yaml
