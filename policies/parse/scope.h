// What every section of a policy is read with: the names and what they stand for. One reading of
// one policy; one thread.
#pragma once

#include "policies/parse/address_book.h"
#include "policies/parse/service_book.h"

#include <chrono>
#include <map>

namespace ravelin::policies {

struct Scope {
  Scope(const yaml::Value& root, Completeness completeness, const Facts& facts_known,
        WantedFacts& facts_wanted)
      : names(root, completeness),
        addresses(names, facts_known, facts_wanted),
        services(names),
        facts(facts_known),
        wanted(facts_wanted) {}

  Scope(const Scope&) = delete;  // the books know where the names are
  Scope& operator=(const Scope&) = delete;

  Names names;
  AddressBook addresses;
  ServiceBook services;
  const Facts& facts;
  WantedFacts& wanted;
  std::chrono::seconds ban_default{3600};
  std::map<std::string, SourcePos, std::less<>> ids;  // of rules and nat entries

  // Rules of the reader, for the targets a section has.
  [[nodiscard]] auto addresses_for(AddressUse use) {
    return [this, use](const yaml::Value& value, AddressMatch& match) {
      return addresses.read(value, use, match);
    };
  }

  // Addresses without anything else: networks, never lists.
  [[nodiscard]] auto ranges_for(AddressUse use) {
    return [this, use](const yaml::Value& value, AddressRanges& ranges) {
      AddressMatch match;
      if (!addresses.read(value, use, match)) return false;
      if (match.is_anyone()) value.error("stands for every address; name some");
      ranges = std::move(match.ranges);
      return !match.is_anyone();
    };
  }

  // The id of a rule or nat entry: unique in the policy.
  [[nodiscard]] auto unique_id() {
    return [this](const yaml::Value& value, std::string& id) {
      if (!yaml::converted(parse_id)(value, id)) return false;
      const auto [first, is_new] = ids.emplace(id, value.pos());
      if (is_new) return true;
      const SourcePos& pos = first->second;
      value.error(
          fmt::format("id \"{}\" is already used at {}:{}:{}", id, pos.file, pos.line, pos.column));
      return false;
    };
  }

  // One zone or a list of them.
  bool read_zones(const yaml::Value& value, std::vector<ZoneId>& zones) const;
};

}  // namespace ravelin::policies
