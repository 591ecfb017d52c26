// From what a policy writes for addresses to ranges: groups, zones' networks, names of hosts,
// countries and delegated prefixes become the addresses they stand for. Reports what stands for
// nothing, and collects which facts are asked for. One thread; borrows names, facts and wanted.
#pragma once

#include "policies/model/facts.h"
#include "policies/parse/address_text.h"
#include "policies/parse/names.h"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::policies {

// Where addresses stand decides what may be written.
enum class AddressUse {
  networks,  // of a zone: no any, no zones, no names of hosts
  group,     // as in rules, without any and zones that have no networks
  plain,     // nat, management, never, tests: as in rules, without feeds
  rule,      // from, to: everything
};

class AddressBook {
 public:
  AddressBook(const Names& names, const Facts& facts, WantedFacts& wanted)
      : names_(names), facts_(facts), wanted_(wanted) {}

  // One entry or a list of them. False when something in it was reported.
  bool read(const yaml::Value& value, AddressUse use, AddressMatch& match);

  // What a zone or group stands for: read once, its errors are reported once. `name` is one.
  const AddressMatch& resolve(const Named& named, std::string_view name);

  // A zone's own addresses; nothing (and a warning) while they are not known.
  AddressMatch own(const yaml::Value& value, ZoneId zone);

  // A warning; further ones than a few hundred are not shown.
  void warn(const yaml::Value& value, std::string message);

  [[nodiscard]] const std::set<int>& feeds_used() const { return feeds_used_; }

 private:
  struct Collected {
    std::vector<AddressRange> ranges;
    std::vector<int> feeds;
    bool is_anyone = false;
    std::string text;
  };

  bool add(const yaml::Value& value, AddressUse use, Collected& to);
  bool add_word(const yaml::Value& value, const std::string& word, AddressUse use, Collected& to);
  bool add_named(const yaml::Value& value, const std::string& word, const Named& named,
                 AddressUse use, Collected& to);
  bool add_feed(const yaml::Value& value, std::string_view name, AddressUse use, Collected& to);
  bool add_countries(const yaml::Value& value, Collected& to);
  bool add_country(const yaml::Value& value, Collected& to);
  bool add_delegated(const yaml::Value& value, const std::string& word, Collected& to);
  void add_host_name(const yaml::Value& value, const std::string& word, Collected& to);
  bool report_strange_map(const yaml::Value& value);
  void report_unknown(const yaml::Value& value, const std::string& word) const;
  bool spend(const yaml::Value& value, std::size_t ranges);
  void read_named(const Named& named, AddressMatch& match);

  const Names& names_;
  const Facts& facts_;
  WantedFacts& wanted_;
  std::map<std::string, AddressMatch, std::less<>> known_;
  std::vector<std::string> open_;  // being resolved, outermost first
  std::set<int> feeds_used_;
  std::set<std::string, std::less<>> warned_;
  std::size_t warnings_ = 0;
  std::size_t ranges_left_ = kRangesMax;

  static constexpr std::size_t kRangesMax = 4'000'000;  // of all groups and rules together
};

}  // namespace ravelin::policies
