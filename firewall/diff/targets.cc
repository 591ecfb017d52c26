#include "firewall/diff/targets.h"

namespace ravelin::firewall {

std::set<std::string, std::less<>> targets_of(const Ruleset& ruleset) {
  std::set<std::string, std::less<>> names;
  for (const Chain& chain : ruleset.chains) {
    for (const Rule& rule : chain.rules) {
      for (const Statement& statement : rule.statements) {
        if (const auto* verdict = std::get_if<Verdict>(&statement)) names.insert(verdict->chain);
      }
    }
  }
  for (const Set& set : ruleset.sets) {
    for (const Element& element : set.elements) {
      if (element.verdict) names.insert(element.verdict->chain);
    }
  }
  return names;
}

}  // namespace ravelin::firewall
