// The one namespace of a policy: which zone, group of addresses, service or feed a name stands for,
// and what is said about a name that stands for nothing. Built before anything else is read, so
// that order in the file does not matter. One thread; borrows the tree.
#pragma once

#include "policies/parse/words.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::policies {

enum class NameKind { zone, addresses, service, feed };

std::string_view text_of(NameKind kind);  // "a zone", "a group of addresses", …

struct Named {
  NameKind kind;
  int index;  // in its section, from 0
  SourcePos pos;
  yaml::Value value;
};

// Whether all files could be read: else a name may be defined in the part that is missing, and
// nothing is said about unknown ones.
enum class Completeness { complete, partial };

class Names {
 public:
  // Reads the keys of `zones`, `addresses`, `services` and `feeds`; reports names that are no
  // names, reserved, or defined twice.
  Names(const yaml::Value& root, Completeness completeness);

  [[nodiscard]] const Named* find(std::string_view name) const;
  [[nodiscard]] const Named* find(std::string_view name, NameKind kind) const;

  // The zone of this name.
  [[nodiscard]] std::optional<ZoneId> zone(std::string_view name) const;
  // The zone of "wan-address".
  [[nodiscard]] std::optional<ZoneId> zone_of_address(std::string_view text) const;
  [[nodiscard]] std::string_view zone_name(ZoneId zone) const;

  [[nodiscard]] int zone_count() const { return static_cast<int>(zone_names_.size()); }

  // All names of a kind, sorted.
  [[nodiscard]] std::vector<std::string_view> of_kind(NameKind kind) const;

  [[nodiscard]] bool is_complete() const { return completeness_ == Completeness::complete; }

  // Says that `word` is not what was wanted there: what it is instead, or what it may have meant.
  void report_unknown(const yaml::Value& value, std::string_view word, NameKind wanted) const;

 private:
  void add_section(const yaml::Value& root, std::string_view key, NameKind kind, std::size_t max);
  void add(const yaml::Value& value, const yaml::Member& member, NameKind kind, int index);
  void check_reserved() const;

  std::map<std::string, Named, std::less<>> names_;
  std::vector<std::string> zone_names_;
  Completeness completeness_;
};

// The known word that `word` was probably meant to be. Nothing where so much is known that looking
// costs more than it helps: it is asked once per error.
std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> known);

// " (did you mean "wan"?)", or " (defined: lan, wan)" while those are few; empty when none is.
std::string hint(std::string_view word, std::span<const std::string_view> known);

}  // namespace ravelin::policies
