#include "policies/space/interface_classes.h"

#include "policies/model/meaning.h"

#include <fmt/format.h>

#include <algorithm>

namespace ravelin::policies {
namespace {

constexpr std::size_t kClassesMax = 64;
// A more specific pattern spoils one of these at most.
constexpr std::string_view kEndings =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

// Which of the patterns match the name.
std::vector<bool> signature(std::string_view name, std::span<const std::string> patterns) {
  std::vector<bool> bits;
  bits.reserve(patterns.size());
  for (const std::string& pattern : patterns)
    bits.push_back(matches(pattern, name));
  return bits;
}

void add_new(std::vector<std::string>& list, const std::vector<std::string>& more) {
  for (const std::string& one : more) {
    if (std::find(list.begin(), list.end(), one) == list.end()) list.push_back(one);
  }
}

}  // namespace

std::string interface_of(std::string_view pattern, std::span<const std::string> others) {
  if (!pattern.ends_with('*')) return std::string(pattern);
  pattern.remove_suffix(1);
  const auto is_more_specific = [&](const std::string& other) {
    return !other.ends_with('*') || other.size() > pattern.size() + 1;
  };
  for (const char c : kEndings) {
    std::string name = fmt::format("{}{}", pattern, c);
    const bool is_free = std::none_of(others.begin(), others.end(), [&](const std::string& other) {
      return is_more_specific(other) && matches(other, name);
    });
    if (is_free) return name;
  }
  return fmt::format("{}0", pattern);
}

std::string first_interface(const Policy& policy, ZoneId zone) {
  if (zone == kHost) return {};
  std::vector<std::string> all;
  for (const Zone& one : policy.zones)
    all.insert(all.end(), one.interfaces.begin(), one.interfaces.end());
  const auto& own = policy.zones.at(static_cast<std::size_t>(zone)).interfaces;
  return own.empty() ? std::string{} : interface_of(own.front(), all);
}

ZoneId outside_of(ZoneId from, ZoneId to) {
  return from == kHost ? to : from;
}

std::optional<InterfaceClasses> InterfaceClasses::of(const Policy& policy, ZoneId zone,
                                                     std::span<const Rule* const> rules) {
  InterfaceClasses classes;
  if (zone == kHost) return classes;
  std::vector<std::string> via;
  for (const Rule* rule : rules)
    add_new(via, rule->via);
  // One name for each pattern that is not a more specific one's stands for all that only it tells
  // apart. Patterns of other zones count: their interfaces are not of this one.
  std::vector<std::string> patterns = via;
  for (const Zone& other : policy.zones)
    add_new(patterns, other.interfaces);
  std::vector<std::vector<bool>> known;
  for (const std::string& pattern : patterns) {
    const std::string name = interface_of(pattern, patterns);
    if (zone_of(policy, name) != zone) continue;
    const std::vector<bool> bits = signature(name, via);
    if (std::find(known.begin(), known.end(), bits) != known.end()) continue;
    if (known.size() == kClassesMax) return std::nullopt;
    known.push_back(bits);
    classes.names_.push_back(name);
  }
  return classes;
}

std::uint64_t InterfaceClasses::mask_of(std::span<const std::string> patterns) const {
  if (patterns.empty()) return all();
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const bool is_in = std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) {
      return matches(pattern, names_[i]);
    });
    if (is_in) mask |= std::uint64_t{1} << i;
  }
  return mask;
}

std::uint64_t InterfaceClasses::all() const {
  const std::size_t count = std::max<std::size_t>(names_.size(), 1);
  return count == kClassesMax ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

std::string InterfaceClasses::example(std::uint64_t mask) const {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if ((mask >> i & 1) != 0) return names_[i];
  }
  return {};
}

}  // namespace ravelin::policies
