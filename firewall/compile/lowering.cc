#include "firewall/compile/lowering.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

constexpr std::size_t kNameMax = 31;

bool may_stand_in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

std::string Lowering::name(std::string_view wish) {
  std::string text(wish);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return !may_stand_in_name(c); }, '_');
  if (text.size() > kNameMax) text.resize(kNameMax);
  while (true) {
    const int uses = names_taken[text]++;
    if (uses == 0) return text;
    const std::string suffix = "_" + std::to_string(uses);
    text.resize(std::min(text.size(), kNameMax - suffix.size()));
    text += suffix;
  }
}

std::string Lowering::add_ranges(std::string_view wish,
                                 std::span<const policies::AddressRange> ranges,
                                 std::span<const policies::AddressRange> more) {
  policies::AddressRanges all(ranges.begin(), ranges.end());
  all.insert(all.end(), more.begin(), more.end());
  all = policies::normalised(std::move(all));
  if (all.empty()) return {};
  const bool is_v6 = all.front().first.family == base::Family::ipv6;
  const bool is_hosts = std::all_of(all.begin(), all.end(),
                                    [](const auto& range) { return range.first == range.last; });
  Set set{.name = name(wish), .key = {is_v6 ? Field::ip6_saddr : Field::ip_saddr}};
  set.is_interval = !is_hosts;
  for (const policies::AddressRange& range : all) {
    set.elements.push_back({.key = address_bytes(range.first),
                            .key_end = is_hosts ? Bytes{} : address_bytes(range.last)});
  }
  std::string named = set.name;
  add_set(std::move(set));
  return named;
}

void Lowering::add_port_set(std::string_view name, std::size_t ports) {
  Set set{.name = std::string(name), .key = {Field::tcp_dport}};
  set.has_timeout = true;
  set.is_external = true;
  set.size = static_cast<std::uint32_t>(2 * ports);  // those that have run out count for a while
  add_set(std::move(set));
}

std::string provenance(const base::SourcePos& pos, std::string_view what, std::size_t bytes_max) {
  std::string behind;
  if (pos.line != 0) behind = fmt::format(":{}", pos.line);
  if (!what.empty()) behind += (behind.empty() ? "" : " ") + std::string(what);
  if (behind.size() > bytes_max) behind.resize(bytes_max);
  if (pos.line == 0) return behind;
  std::string_view file = pos.file;
  if (const std::size_t slash = file.rfind('/'); slash != std::string_view::npos)
    file.remove_prefix(slash + 1);
  std::size_t kept = std::min(file.size(), bytes_max - behind.size());
  const auto is_inside = [&](std::size_t at) { return (file[at] & 0xc0) == 0x80; };  // of UTF-8
  while (kept > 0 && kept < file.size() && is_inside(kept))
    --kept;
  return std::string(file.substr(0, kept)) + behind;
}

Verdict jump_to(std::string chain) {
  return {Verdict::Kind::jump, std::move(chain)};
}

Verdict go_to(std::string chain) {
  return {Verdict::Kind::go_to, std::move(chain)};
}

Key saddr_key(base::Family family) {
  return {{family == base::Family::ipv4 ? Field::ip_saddr : Field::ip6_saddr, 0}};
}

Key source_key(base::Family family) {
  constexpr std::uint8_t kPrefix6 = 64;
  return family == base::Family::ipv4 ? Key{{Field::ip_saddr, 0}}
                                      : Key{{Field::ip6_saddr, kPrefix6}};
}

Match interface_match(Field field, std::string_view name) {
  return {.field = field, .value = interface_bytes(name)};
}

void append_by_interface(Lowering& lowering, Chain& chain, Field field, std::string_view wish,
                         std::span<const InterfaceVerdict> patterns) {
  InterfaceMaps found = interface_maps(patterns);
  for (InterfaceMaps::Map& one : found.maps) {
    Set map{.name = lowering.name(wish), .key = {field}};
    map.is_verdict_map = true;
    map.is_interval = one.is_interval;
    map.elements = std::move(one.elements);
    chain.rules.push_back({{VerdictLookup{{{field, 0}}, map.name}}, {}, {}});
    lowering.add_set(std::move(map));
  }
  if (found.otherwise) chain.rules.push_back({{*found.otherwise}, {}, {}});
}

}  // namespace ravelin::firewall
