#include "policies/parse/names.h"

#include "base/io/yaml_text.h"
#include "base/text.h"

#include <algorithm>
#include <array>

namespace ravelin::policies {
namespace {

constexpr std::size_t kZonesMax = 1'000;
constexpr std::size_t kGroupsMax = 10'000;
constexpr std::size_t kServicesMax = 10'000;
constexpr std::size_t kFeedsMax = 64;
constexpr std::size_t kListedMax = 8;
constexpr std::size_t kComparedMax = 500'000;  // pairs of letters: a few milliseconds

bool is_reserved(std::string_view name) {
  return name == kAny || name == kHostWord || name == kBogons;
}

std::string place(const SourcePos& pos) {
  return fmt::format("{}:{}:{}", pos.file, pos.line, pos.column);
}

}  // namespace

std::string_view text_of(NameKind kind) {
  switch (kind) {
    case NameKind::zone:
      return "a zone";
    case NameKind::addresses:
      return "a group of addresses";
    case NameKind::service:
      return "a service";
    case NameKind::feed:
      return "a feed";
  }
  return "";
}

std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> known) {
  if (word.size() > kNameMax) return std::nullopt;
  std::size_t letters = 0;
  for (const std::string_view each : known)
    letters += each.size();
  if (letters * word.size() > kComparedMax) return std::nullopt;
  return base::suggest(word, known);
}

std::string hint(std::string_view word, std::span<const std::string_view> known) {
  if (const auto near = nearest(word, known)) return fmt::format(" (did you mean \"{}\"?)", *near);
  if (known.empty() || known.size() > kListedMax) return "";
  return fmt::format(" (defined: {})", fmt::join(known, ", "));
}

Names::Names(const yaml::Value& root, Completeness completeness) : completeness_(completeness) {
  add_section(root, "zones", NameKind::zone, kZonesMax);
  add_section(root, "addresses", NameKind::addresses, kGroupsMax);
  add_section(root, "services", NameKind::service, kServicesMax);
  add_section(root, "feeds", NameKind::feed, kFeedsMax);
  check_reserved();
}

void Names::add_section(const yaml::Value& root, std::string_view key, NameKind kind,
                        std::size_t max) {
  const auto& sections = root.node().members;
  const auto found = std::ranges::find(sections, key, &yaml::Member::key);
  if (found == sections.end()) return;
  const yaml::Value section =
      root.member(static_cast<std::size_t>(std::distance(sections.begin(), found)));
  if (!section.is(yaml::Kind::map)) return;  // whoever reads the section says so
  const auto& members = section.node().members;
  if (members.size() > max)
    section.error(fmt::format("has {} entries; at most {} are allowed", members.size(), max));
  for (std::size_t i = 0; i < std::min(members.size(), max); ++i)
    add(section.member(i), members[i], kind, static_cast<int>(i));
}

void Names::add(const yaml::Value& value, const yaml::Member& member, NameKind kind, int index) {
  const auto report = [&](std::string message) {
    value.report().error(member.mark.pos(), value.path(), std::move(message));
  };
  // An entry keeps its number also when its name is bad.
  if (kind == NameKind::zone) zone_names_.push_back(member.key);
  if (const auto name = parse_name(member.key); !name) {
    report(fmt::format("{} {}", yaml::quote(member.key), name.error().message));
    return;
  }
  if (is_reserved(member.key)) {
    report(fmt::format("\"{}\" is built in; choose another name", member.key));
    return;
  }
  if (kind == NameKind::service && protocol_number(member.key)) {
    report(fmt::format("\"{}\" is a protocol; choose another name", member.key));
    return;
  }
  const auto [there, is_new] =
      names_.emplace(member.key, Named{kind, index, member.mark.pos(), value});
  if (is_new) return;
  report(
      fmt::format("\"{}\" is already {} at {}; zones, addresses, services and feeds share one "
                  "namespace",
                  member.key, text_of(there->second.kind), place(there->second.pos)));
}

void Names::check_reserved() const {
  for (const auto& [name, named] : names_) {
    if (const auto zone = zone_of_address(name)) {
      named.value.report().error(
          named.pos, named.value.path(),
          fmt::format("\"{}\" is built in: the address of zone \"{}\"; choose another name", name,
                      zone_name(*zone)));
    }
  }
}

const Named* Names::find(std::string_view name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : &found->second;
}

const Named* Names::find(std::string_view name, NameKind kind) const {
  const Named* named = find(name);
  return named != nullptr && named->kind == kind ? named : nullptr;
}

std::optional<ZoneId> Names::zone(std::string_view name) const {
  const Named* named = find(name, NameKind::zone);
  if (named == nullptr) return std::nullopt;
  return named->index;
}

std::optional<ZoneId> Names::zone_of_address(std::string_view text) const {
  if (!text.ends_with(kAddressSuffix)) return std::nullopt;
  return zone(text.substr(0, text.size() - kAddressSuffix.size()));
}

std::string_view Names::zone_name(ZoneId zone) const {
  return zone == kHost ? kHostWord : zone_names_.at(static_cast<std::size_t>(zone));
}

std::vector<std::string_view> Names::of_kind(NameKind kind) const {
  std::vector<std::string_view> found;
  for (const auto& [name, named] : names_) {
    if (named.kind == kind) found.push_back(name);
  }
  return found;
}

void Names::report_unknown(const yaml::Value& value, std::string_view word, NameKind wanted) const {
  if (const Named* other = find(word); other != nullptr && other->kind != wanted) {
    value.error(fmt::format("\"{}\" is {}, not {}", word, text_of(other->kind), text_of(wanted)));
    return;
  }
  if (!is_complete() || value.report().is_full()) return;  // a suggestion costs
  std::string_view what = text_of(wanted);
  what.remove_prefix(2);  // "a "
  value.error(
      fmt::format("{} {} is not defined{}", what, yaml::quote(word), hint(word, of_kind(wanted))));
}

}  // namespace ravelin::policies
