#include "policies/parse/address_book.h"

#include "base/io/yaml_text.h"
#include "base/text.h"

#include <algorithm>

namespace ravelin::policies {
namespace {

constexpr std::size_t kNestingMax = 32;
constexpr std::size_t kWarningsMax = 200;

void append(std::vector<AddressRange>& to, const AddressRanges& from) {
  to.insert(to.end(), from.begin(), from.end());
}

bool is_country(std::string_view code) {
  return code.size() == 2 && std::ranges::all_of(code, [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

bool AddressBook::read(const yaml::Value& value, AddressUse use, AddressMatch& match) {
  Collected collected;
  bool is_good = true;
  if (value.is(yaml::Kind::list)) {
    if (!yaml::check_size(value, 1, yaml::kListMax)) return false;
    for (std::size_t i = 0; i < value.node().items.size(); ++i)
      is_good = add(value.item(i), use, collected) && is_good;
    if (collected.is_anyone && value.node().items.size() > 1) {
      const auto& items = value.node().items;
      const auto is_any = [](const yaml::TreeNode& item) { return item.text == kAny; };
      if (std::ranges::any_of(items, is_any)) {
        value.error("\"any\" is everyone; write it alone");
        is_good = false;
      }
    }
  } else {
    is_good = add(value, use, collected);
  }
  match.is_restricted = !collected.is_anyone;
  match.text = std::move(collected.text);
  match.ranges.clear();
  match.feeds.clear();
  if (collected.is_anyone) return is_good;
  match.ranges = normalised(std::move(collected.ranges));
  std::ranges::sort(collected.feeds);
  collected.feeds.erase(std::unique(collected.feeds.begin(), collected.feeds.end()),
                        collected.feeds.end());
  match.feeds = std::move(collected.feeds);
  return spend(value, match.ranges.size()) && is_good;
}

bool AddressBook::spend(const yaml::Value& value, std::size_t ranges) {
  if (ranges <= ranges_left_) {
    ranges_left_ -= ranges;
    return true;
  }
  if (std::exchange(ranges_left_, 0) != 0) {
    value.error(
        fmt::format("all groups and rules together name more than {} ranges of addresses; "
                    "put long lists into feeds",
                    kRangesMax));
  }
  return false;
}

bool AddressBook::add(const yaml::Value& value, AddressUse use, Collected& to) {
  if (value.is(yaml::Kind::map)) {
    const auto& members = value.node().members;
    if (members.size() == 1 && members[0].key == "geo") return add_countries(value, to);
    return report_strange_map(value);
  }
  std::string word;
  if (value.is(yaml::Kind::list)) {
    value.error("must be an address, not a list; write its entries into the outer list");
    return false;
  }
  if (!yaml::apply(value, word, yaml::Default{})) return false;
  append_word(to.text, word);
  return add_word(value, word, use, to);
}

bool AddressBook::report_strange_map(const yaml::Value& value) {
  const auto& members = value.node().members;
  const bool is_address_cut_at_colon = members.size() == 1 &&
                                       members[0].value.kind == yaml::Kind::empty &&
                                       looks_like_address(members[0].key);
  if (is_address_cut_at_colon) {
    value.error(fmt::format("an address that ends in \":\" needs quotes: \"{}:\"", members[0].key));
  } else {
    value.error("must be an address, a name, or { geo: [COUNTRY, …] }");
  }
  return false;
}

bool AddressBook::add_word(const yaml::Value& value, const std::string& word, AddressUse use,
                           Collected& to) {
  if (word == kAny) {
    to.is_anyone = use == AddressUse::plain || use == AddressUse::rule;
    if (!to.is_anyone) value.error("\"any\" is not an address; it stands in rules alone");
    return to.is_anyone;
  }
  if (word == kBogons) {
    append(to.ranges, bogons());
    return true;
  }
  if (word == kHostWord) {
    value.error("\"host\" is this machine, not an address; write ZONE-address for its address");
    return false;
  }
  if (word.starts_with(kFeedPrefix))
    return add_feed(value, std::string_view(word).substr(kFeedPrefix.size()), use, to);
  if (word.starts_with("pd(")) return add_delegated(value, word, to);
  if (const Named* named = names_.find(word)) return add_named(value, word, *named, use, to);
  if (const auto zone = names_.zone_of_address(word)) {
    append(to.ranges, own(value, *zone).ranges);
    return true;
  }
  const auto range = parse_address_range(word);
  if (range) {
    to.ranges.push_back(*range);
    return true;
  }
  if (looks_like_address(word)) {
    value.error(fmt::format("{} {}", yaml::quote(word), range.error().message));
    return false;
  }
  if (!is_dns_name(word)) {
    report_unknown(value, word);
    return false;
  }
  if (use == AddressUse::networks) {
    value.error(fmt::format("{} is the name of a host, not a network", yaml::quote(word)));
    return false;
  }
  add_host_name(value, word, to);
  return true;
}

bool AddressBook::add_named(const yaml::Value& value, const std::string& word, const Named& named,
                            AddressUse use, Collected& to) {
  if (named.kind == NameKind::feed) {
    value.error(fmt::format("\"{0}\" is a feed; write feed/{0}", word));
    return false;
  }
  if (named.kind == NameKind::service) {
    value.error(fmt::format("\"{}\" is a service, not an address", word));
    return false;
  }
  if (named.kind == NameKind::zone && use == AddressUse::networks) {
    value.error(fmt::format("\"{}\" is a zone; networks are addresses", word));
    return false;
  }
  if (std::ranges::find(open_, word) != open_.end()) {
    value.error(
        fmt::format("\"{}\" refers to itself ({}, {})", word, fmt::join(open_, ", "), word));
    return false;
  }
  if (open_.size() >= kNestingMax) {
    value.error(fmt::format("groups are nested deeper than {}", kNestingMax));
    return false;
  }
  const AddressMatch& match = resolve(named, word);
  if (match.is_anyone() && use != AddressUse::plain && use != AddressUse::rule) {
    value.error(fmt::format("zone \"{}\" has no networks: it stands for no addresses", word));
    return false;
  }
  to.is_anyone = to.is_anyone || match.is_anyone();
  append(to.ranges, match.ranges);
  return true;
}

const AddressMatch& AddressBook::resolve(const Named& named, std::string_view name) {
  if (const auto known = known_.find(name); known != known_.end()) return known->second;
  open_.emplace_back(name);
  AddressMatch match;
  read_named(named, match);
  open_.pop_back();
  return known_.emplace(name, std::move(match)).first->second;
}

void AddressBook::read_named(const Named& named, AddressMatch& match) {
  match.is_restricted = true;
  if (named.kind != NameKind::zone) {
    read(named.value, AddressUse::group, match);
    return;
  }
  if (!named.value.is(yaml::Kind::map)) return;
  const auto& members = named.value.node().members;
  const auto networks = std::ranges::find(members, "networks", &yaml::Member::key);
  if (networks == members.end()) {
    match.is_restricted = false;
    return;
  }
  const auto index = static_cast<std::size_t>(std::distance(members.begin(), networks));
  read(named.value.member(index), AddressUse::networks, match);
}

AddressMatch AddressBook::own(const yaml::Value& value, ZoneId zone) {
  const std::string name(names_.zone_name(zone));
  wanted_.own_zones.insert(name);
  AddressMatch match;
  match.is_restricted = true;
  match.text = name + std::string(kAddressSuffix);
  const auto found = facts_.own.find(name);
  if (found == facts_.own.end() || found->second.empty()) {
    if (warned_.insert(match.text).second) {
      warn(value, fmt::format("this host has no address in zone \"{}\"; it matches nothing until "
                              "there is one",
                              name));
    }
    return match;
  }
  for (const base::IpAddress& address : found->second)
    match.ranges.push_back({address, address});
  match.ranges = normalised(std::move(match.ranges));
  return match;
}

bool AddressBook::add_feed(const yaml::Value& value, std::string_view name, AddressUse use,
                           Collected& to) {
  const Named* feed = names_.find(name, NameKind::feed);
  if (feed == nullptr) {
    names_.report_unknown(value, name, NameKind::feed);
    return false;
  }
  feeds_used_.insert(feed->index);
  if (use != AddressUse::rule) {
    value.error("a feed can stand in \"from\" and \"to\" of rules only");
    return false;
  }
  to.feeds.push_back(feed->index);
  return true;
}

bool AddressBook::add_countries(const yaml::Value& value, Collected& to) {
  const yaml::Value countries = value.member(0);
  if (!countries.is(yaml::Kind::list)) return add_country(countries, to);
  if (!yaml::check_size(countries, 1, 300)) return false;
  bool is_good = true;
  for (std::size_t i = 0; i < countries.node().items.size(); ++i)
    is_good = add_country(countries.item(i), to) && is_good;
  return is_good;
}

bool AddressBook::add_country(const yaml::Value& value, Collected& to) {
  const std::string* code = value.scalar("a country");
  if (code == nullptr) return false;
  if (!is_country(*code)) {
    value.error(fmt::format("{} is not a country (two capital letters, as in ISO 3166: FI)",
                            yaml::quote(*code)));
    return false;
  }
  append_word(to.text, "geo " + *code);
  wanted_.countries.insert(*code);
  const auto found = facts_.countries.find(*code);
  if (found != facts_.countries.end()) {
    append(to.ranges, found->second);
  } else if (warned_.insert("geo " + *code).second) {
    warn(value, fmt::format("no addresses are known for country {}; it matches nothing until there "
                            "are some",
                            *code));
  }
  return true;
}

bool AddressBook::add_delegated(const yaml::Value& value, const std::string& word, Collected& to) {
  if (word.find(')') == std::string::npos) {
    value.error(fmt::format("{} is cut at its comma; write pd(…) in quotes", yaml::quote(word)));
    return false;
  }
  const auto part = parse_delegated_part(word);
  if (!part) {
    yaml::report_bad_text(value, part.error());
    return false;
  }
  if (!names_.zone(part->zone)) {
    names_.report_unknown(value, part->zone, NameKind::zone);
    return false;
  }
  wanted_.delegated_zones.insert(part->zone);
  const auto found = facts_.delegated.find(part->zone);
  const std::size_t before = to.ranges.size();
  if (found != facts_.delegated.end()) {
    for (const base::IpPrefix& prefix : found->second) {
      if (const auto range = part_of(prefix, *part)) to.ranges.push_back(*range);
    }
  }
  if (to.ranges.size() != before || !warned_.insert(word).second) return true;
  warn(value, found == facts_.delegated.end() || found->second.empty()
                  ? fmt::format("no prefix is delegated on zone \"{}\"; it matches nothing until "
                                "there is one",
                                part->zone)
                  : fmt::format("the prefix delegated on zone \"{}\" has no /64 number {}",
                                part->zone, part->subnet));
  return true;
}

void AddressBook::add_host_name(const yaml::Value& value, const std::string& word, Collected& to) {
  const std::string name = base::to_lower(word);
  wanted_.names.insert(name);
  const auto found = facts_.names.find(name);
  if (found == facts_.names.end() || found->second.empty()) {
    if (warned_.insert(name).second)
      warn(value,
           fmt::format("{} does not resolve; it matches nothing until it does", yaml::quote(word)));
    return;
  }
  for (const base::IpAddress& address : found->second)
    to.ranges.push_back({address, address});
}

void AddressBook::report_unknown(const yaml::Value& value, const std::string& word) const {
  if (!names_.is_complete() || value.report().is_full()) return;  // a suggestion costs
  std::vector<std::string_view> known = names_.of_kind(NameKind::addresses);
  const std::vector<std::string_view> zones = names_.of_kind(NameKind::zone);
  known.insert(known.end(), zones.begin(), zones.end());
  std::vector<std::string> built_in{std::string(kAny), std::string(kBogons)};
  for (const std::string_view zone : zones)
    built_in.push_back(std::string(zone) + std::string(kAddressSuffix));
  for (const std::string_view feed : names_.of_kind(NameKind::feed))
    built_in.push_back(std::string(kFeedPrefix) + std::string(feed));
  known.insert(known.end(), built_in.begin(), built_in.end());
  const auto near = nearest(word, known);
  value.error(fmt::format("{} is neither an address nor defined{}", yaml::quote(word),
                          near ? fmt::format(" (did you mean \"{}\"?)", *near) : ""));
}

void AddressBook::warn(const yaml::Value& value, std::string message) {
  if (++warnings_ > kWarningsMax) return;
  value.report().diagnostics.warn(value.pos(), value.path(), std::move(message));
}

}  // namespace ravelin::policies
