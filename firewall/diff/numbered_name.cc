#include "firewall/diff/numbered_name.h"

#include "base/check.h"
#include "base/hash.h"

#include <fmt/format.h>

#include <charconv>

namespace ravelin::firewall {
namespace {

constexpr std::size_t kNameBytesMax = 31;
constexpr std::size_t kDigitsMax = 6;

// What stands before a number of so many digits.
std::string stem_of(std::string_view name, std::size_t digits) {
  if (name.size() + 1 + digits <= kNameBytesMax) return fmt::format("{}_", name);
  constexpr std::size_t kHashBytes = 6;  // _0123_
  const std::uint64_t hash = base::mix_bits(base::fnv1a(name)) & 0xffff;
  return fmt::format("{}_{:04x}_", name.substr(0, kNameBytesMax - kHashBytes - digits), hash);
}

// The last digits behind a "_", as numbered_name writes them.
std::optional<int> number_of(std::string_view name) {
  const std::size_t line = name.rfind('_');
  if (line == std::string_view::npos) return std::nullopt;
  const std::string_view digits = name.substr(line + 1);
  if (digits.empty() || digits.size() > kDigitsMax || digits.front() == '0') return std::nullopt;
  int number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || stop != end || number < 1) return std::nullopt;
  return number;
}

std::string_view without_number(std::string_view name) {
  return name.substr(0, name.rfind('_') + 1);
}

}  // namespace

std::string numbered_name(std::string_view name, int number) {
  CHECK(number >= 1 && number <= kNumberMax);
  const std::string digits = fmt::format("{}", number);
  return stem_of(name, digits.size()) + digits;
}

bool is_numbered_name(std::string_view candidate, std::string_view name) {
  const std::optional<int> number = number_of(candidate);
  return number && candidate == numbered_name(name, *number);
}

std::string take_numbered_name(std::string_view name, std::set<std::string, std::less<>>& taken) {
  int number = 1;
  while (taken.contains(numbered_name(name, number)))
    ++number;
  return *taken.insert(numbered_name(name, number)).first;
}

void NameIndex::add(std::string_view name) {
  const std::size_t place = count_++;
  places_.emplace(name, place);
  if (const std::optional<int> number = number_of(name))
    numbers_[without_number(name)].emplace(*number, place);
}

std::optional<std::size_t> NameIndex::find(std::string_view name) const {
  const auto found = places_.find(name);
  return found == places_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::size_t> NameIndex::numbered(std::string_view name) const {
  std::vector<std::size_t> found;
  int first = 1;
  for (std::size_t digits = 1; digits <= kDigitsMax; ++digits, first *= 10) {
    const auto group = numbers_.find(stem_of(name, digits));
    if (group == numbers_.end()) continue;
    const auto end = group->second.lower_bound(first * 10);
    for (auto one = group->second.lower_bound(first); one != end; ++one)
      found.push_back(one->second);
  }
  return found;
}

}  // namespace ravelin::firewall
