#include "firewall/ruleset/nft_set.h"

#include "firewall/ruleset/nft_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace ravelin::firewall::nft {
namespace {

// A concatenation pads each field to four bytes.
std::size_t padded(Field field) {
  return (std::size_t{info(field).bytes} + 3) / 4 * 4;
}

ByteView part(ByteView key, std::size_t at, Field field) {
  return key.subspan(at, info(field).bytes);
}

std::string key_text(const Set& set, const Element& element) {
  if (set.key.size() == 1) {
    return set.is_interval ? range_text(set.key[0], element.key, element.key_end)
                           : value_text(set.key[0], element.key);
  }
  std::string text;
  std::size_t at = 0;
  for (const Field field : set.key) {
    if (at != 0) text += " . ";
    const ByteView first = part(element.key, at, field);
    text += set.is_interval ? range_text(field, first, part(element.key_end, at, field))
                            : value_text(field, first);
    at += padded(field);
  }
  return text;
}

std::string element_text(const Set& set, const Element& element) {
  std::string text = key_text(set, element);
  if (element.timeout && element.timeout != set.timeout)
    text += " timeout " + time_text(*element.timeout);
  if (!element.comment.empty()) text += fmt::format(" comment \"{}\"", element.comment);
  if (element.verdict) text += " : " + verdict_text(*element.verdict);
  return text;
}

// nft lists a hash by what its keys are as numbers of this machine: a concatenation counts from its
// last byte, whatever the order of bytes inside its fields. Intervals stand as the kernel has them.
Bytes rank_of(const Set& set, const Element& element) {
  Bytes rank;
  std::size_t at = 0;
  for (const Field field : set.key) {
    const ByteView bytes = part(element.key, at, field);
    rank.insert(rank.end(), bytes.begin(), bytes.end());
    at += padded(field);
  }
  if (set.key.size() > 1 || info(set.key[0]).is_host_order) std::reverse(rank.begin(), rank.end());
  return rank;
}

std::vector<const Element*> in_listing_order(const Set& set) {
  std::vector<std::pair<Bytes, const Element*>> ranked;
  ranked.reserve(set.elements.size());
  for (const Element& element : set.elements)
    ranked.emplace_back(set.is_interval ? Bytes() : rank_of(set, element), &element);
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<const Element*> ordered;
  ordered.reserve(ranked.size());
  for (const auto& [rank, element] : ranked)
    ordered.push_back(element);
  return ordered;
}

std::size_t elements_per_line(const Set& set) {
  if (set.key.size() != 1) return 1;
  switch (set.key[0]) {
    case Field::nfproto:
    case Field::l4proto:
    case Field::th_sport:
    case Field::th_dport:
    case Field::tcp_sport:
    case Field::tcp_dport:
    case Field::udp_sport:
    case Field::udp_dport:
    case Field::tcp_flags:
    case Field::mark:
    case Field::skuid:
    case Field::fib_saddr_oif:
      return 5;
    case Field::ip_saddr:
    case Field::ip_daddr:
    case Field::ct_state:
    case Field::ct_status:
      return 2;
    default:
      return 1;
  }
}

std::string elements_text(const Set& set) {
  const std::size_t per_line = elements_per_line(set);
  std::string text = "\t\telements = { ";
  std::size_t count = 0;
  for (const Element* element : in_listing_order(set)) {
    if (count != 0) text += count % per_line == 0 ? ",\n\t\t\t     " : ", ";
    text += element_text(set, *element);
    ++count;
  }
  return text + " }\n";
}

std::string flags_text(const Set& set) {
  std::string text;
  const auto add = [&](bool is_set, std::string_view name) {
    if (!is_set) return;
    text += text.empty() ? "" : ",";
    text += name;
  };
  add(set.is_dynamic, "dynamic");
  add(set.is_interval, "interval");
  // Alone it goes without saying when there is a default.
  add(set.has_timeout && (!text.empty() || !set.timeout), "timeout");
  return text;
}

}  // namespace

std::string verdict_text(const Verdict& verdict) {
  switch (verdict.kind) {
    case Verdict::Kind::accept:
      return "accept";
    case Verdict::Kind::drop:
      return "drop";
    case Verdict::Kind::jump:
      return "jump " + verdict.chain;
    case Verdict::Kind::go_to:
      return "goto " + verdict.chain;
    case Verdict::Kind::come_back:
      return "return";
  }
  return {};
}

std::string set_text(const Set& set, Elements elements) {
  std::string text =
      fmt::format("\t{} {} {{\n\t\ttype ", set.is_verdict_map ? "map" : "set", set.name);
  for (std::size_t i = 0; i < set.key.size(); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : " . ", info(set.key[i]).type);
  text += set.is_verdict_map ? " : verdict\n" : "\n";
  const std::uint32_t size = announced_size(set);
  if (size != 0) text += fmt::format("\t\tsize {}\n", size);
  const std::string flags = flags_text(set);
  if (!flags.empty()) text += fmt::format("\t\tflags {}\n", flags);
  if (set.timeout) text += fmt::format("\t\ttimeout {}\n", time_text(*set.timeout));
  if (!set.comment.empty()) text += fmt::format("\t\tcomment \"{}\"\n", set.comment);
  if (elements == Elements::printed && !set.elements.empty()) text += elements_text(set);
  return text + "\t}\n";
}

}  // namespace ravelin::firewall::nft
