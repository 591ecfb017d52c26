#include "policies/parse/scope.h"

#include <algorithm>

namespace ravelin::policies {

bool Scope::read_zones(const yaml::Value& value, std::vector<ZoneId>& zones) const {
  const auto read_zone = [this](const yaml::Value& entry, ZoneId& zone) {
    const std::string* word = entry.scalar("a zone");
    if (word == nullptr) return false;
    if (const auto found = names.zone(*word)) {
      zone = *found;
      return true;
    }
    if (*word == kHostWord) {
      entry.error("\"host\" is this machine; a zone is wanted here");
    } else {
      names.report_unknown(entry, *word, NameKind::zone);
    }
    return false;
  };
  zones.clear();
  if (!yaml::one_or_list_of(read_zone, 1)(value, zones)) return false;
  std::vector<ZoneId> sorted = zones;
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) == sorted.end()) return true;
  value.error("names a zone twice");
  return false;
}

}  // namespace ravelin::policies
