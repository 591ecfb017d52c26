#include "base/text.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

namespace ravelin::base {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Longest first, so that printing picks the largest exact one.
constexpr Unit kDurationUnits[] = {
    {"d", 86'400'000'000'000},
    {"h", 3'600'000'000'000},
    {"m", 60'000'000'000},
    {"s", 1'000'000'000},
    {"ms", 1'000'000},
    {"us", 1'000},
    {"ns", 1},
};
constexpr Unit kByteUnits[] = {
    {"GiB", 1ULL << 30},
    {"MiB", 1ULL << 20},
    {"KiB", 1ULL << 10},
    {"GB", 1'000'000'000},
    {"MB", 1'000'000},
    {"kB", 1'000},
    {"B", 1},
};

struct NumberAndUnit {
  std::uint64_t number;
  std::string_view unit;
};

Result<NumberAndUnit> split_number(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9')
    ++digits;
  auto number = parse_u64(text.substr(0, digits));
  if (!number) return number.error();
  return NumberAndUnit{*number, text.substr(digits)};
}

Result<std::uint64_t> scaled(const NumberAndUnit& value, std::span<const Unit> units,
                             std::uint64_t limit) {
  for (const Unit& unit : units) {
    if (unit.name != value.unit) continue;
    if (value.number > limit / unit.factor) return fail(Errc::invalid, "is too large");
    return value.number * unit.factor;
  }
  return fail(Errc::invalid, "has no known unit");
}

// Levenshtein distance in which two neighbours swapped count as one change.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
      const bool is_swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swap) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    c = to_lower(c);
  return lower;
}

bool iequals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return to_lower(x) == to_lower(y);
         });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

Result<std::uint64_t> parse_u64(std::string_view text) {
  if (text.empty()) return fail(Errc::invalid, "is not a number");
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return fail(Errc::invalid, "is not a number");
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10)
      return fail(Errc::invalid, "is too large");
    value = value * 10 + digit;
  }
  return value;
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  auto value = split_number(text);
  if (!value) return fail(Errc::invalid, "is not a duration (a number and ms, s, m, h or d)");
  if (value->unit.empty() && value->number == 0) return std::chrono::nanoseconds(0);
  auto nanoseconds = scaled(*value, kDurationUnits, std::numeric_limits<std::int64_t>::max());
  if (!nanoseconds) return fail(Errc::invalid, "is not a duration (a number and ms, s, m, h or d)");
  return std::chrono::nanoseconds(static_cast<std::int64_t>(*nanoseconds));
}

std::string format_duration(std::chrono::nanoseconds duration) {
  const auto count = static_cast<std::uint64_t>(duration.count());
  if (count == 0) return "0s";
  for (const Unit& unit : kDurationUnits) {
    if (count % unit.factor == 0) return fmt::format("{}{}", count / unit.factor, unit.name);
  }
  return fmt::format("{}ns", count);
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  auto value = split_number(text);
  if (!value) return fail(Errc::invalid, "is not a size (a number, or one with KiB, MiB, GiB)");
  if (value->unit.empty()) return value->number;
  auto bytes = scaled(*value, kByteUnits, std::numeric_limits<std::uint64_t>::max());
  if (!bytes) return fail(Errc::invalid, "is not a size (a number, or one with KiB, MiB, GiB)");
  return *bytes;
}

std::string format_bytes(std::uint64_t bytes) {
  for (const Unit& unit : std::span(kByteUnits).first(3)) {
    if (bytes != 0 && bytes % unit.factor == 0)
      return fmt::format("{}{}", bytes / unit.factor, unit.name);
  }
  return fmt::format("{}", bytes);
}

std::optional<std::string_view> suggest(std::string_view word,
                                        std::span<const std::string_view> known) {
  const std::size_t limit = word.size() <= 4 ? 1 : word.size() <= 8 ? 2 : 3;
  std::optional<std::string_view> best;
  std::size_t best_distance = limit + 1;
  for (const std::string_view candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += separator;
    text += part;
  }
  return text;
}

}  // namespace ravelin::base
