#include "tests/firewall/diff/random_ruleset.h"

#include "tests/firewall/ruleset/build.h"

#include <fmt/format.h>

#include <set>

namespace ravelin::firewall {
namespace {

constexpr int kChains = 6;

int pick(std::mt19937& random, int below) {
  return static_cast<int>(random() % static_cast<unsigned>(below));
}

bool chance(std::mt19937& random, int percent) {
  return pick(random, 100) < percent;
}

std::string chain_name(int number) {
  return fmt::format("c{}", number);
}

std::string set_name(int number) {
  // Two that are alike in what a longer suffix leaves of them.
  if (number < 2) return fmt::format("a_name_of_thirty_one_letters_{}{}", number, number);
  return fmt::format("s{}", number);
}

Verdict random_verdict(std::mt19937& random, const std::vector<int>& targets) {
  if (targets.empty() || chance(random, 50))
    return chance(random, 50) ? build::accept() : build::drop();
  const std::string name =
      chain_name(targets[static_cast<std::size_t>(pick(random, static_cast<int>(targets.size())))]);
  return chance(random, 50) ? build::jump(name) : build::go_to(name);
}

std::vector<Element> random_elements(std::mt19937& random, const Set& set, int count,
                                     const std::vector<int>& chains) {
  std::set<int> keys;
  for (int i = 0; i < count; ++i)
    keys.insert(pick(random, 400));
  std::vector<Element> elements;
  for (const int key : keys) {
    Element element = build::element(
        build::number(Field::ip_saddr, 0x0a000000 + static_cast<std::uint64_t>(key) * 8));
    if (set.is_interval) {
      element.key_end = element.key;
      element.key_end[3] = static_cast<std::uint8_t>(element.key_end[3] + pick(random, 8));
    }
    if (set.is_verdict_map) element.verdict = random_verdict(random, chains);
    if (chance(random, 5)) element.comment = "c";
    elements.push_back(std::move(element));
  }
  return elements;
}

// Jumps from maps go to chains that jump nowhere.
Set random_set(std::mt19937& random, int number) {
  Set set = build::set(set_name(number), {Field::ip_saddr});
  const int kind = pick(random, 5);
  set.is_dynamic = kind == 0;
  set.is_external = kind == 1;
  set.is_verdict_map = kind == 2;
  set.is_interval = kind == 3;
  if (chance(random, 20)) set.comment = chance(random, 50) ? "x" : "y";
  if (set.is_dynamic || chance(random, 10)) set.size = chance(random, 80) ? 1000 : 2000;
  if (!set.is_dynamic && !set.is_external)
    set.elements = random_elements(random, set,
                                   pick(random, 3) == 0 ? pick(random, 300) : pick(random, 8), {0});
  return set;
}

Statement random_reference(std::mt19937& random, const Set& set) {
  const Key key = {{Field::ip_saddr, 0}};
  if (set.is_verdict_map) return VerdictLookup{key, set.name};
  if (set.is_dynamic && chance(random, 50))
    return Update{Update::Operation::add, key, set.name, {}, {}};
  return Lookup{key, set.name, chance(random, 30)};
}

std::vector<Rule> random_rules(std::mt19937& random, const std::vector<Set>& sets,
                               const std::vector<int>& targets) {
  std::vector<Rule> rules;
  for (int i = pick(random, 4); i > 0; --i) {
    Rule rule = build::rule({}, fmt::format("p.yaml:{}", pick(random, 5)));
    if (!sets.empty() && chance(random, 60)) {
      const auto& set = sets[static_cast<std::size_t>(pick(random, static_cast<int>(sets.size())))];
      rule.statements.push_back(random_reference(random, set));
    }
    rule.statements.emplace_back(Counter{});
    rule.statements.emplace_back(random_verdict(random, targets));
    rules.push_back(std::move(rule));
  }
  return rules;
}

Hook random_hook(std::mt19937& random, int number) {
  Hook hook;
  hook.point = static_cast<Hook::Point>(number % 5);
  hook.priority = chance(random, 90) ? 0 : 5;
  hook.policy = chance(random, 80) ? Hook::Policy::drop : Hook::Policy::accept;
  return hook;
}

// A few rules of one chain drawn anew.
void redraw_chain(Ruleset& ruleset, std::mt19937& random) {
  std::vector<int> targets;
  for (Chain& chain : ruleset.chains) {
    if (chance(random, 30)) chain.rules = random_rules(random, ruleset.sets, targets);
    if (!chain.hook) targets.push_back(chain.name.at(1) - '0');
  }
}

}  // namespace

Ruleset random_ruleset(std::mt19937& random) {
  Ruleset ruleset;
  ruleset.comment = chance(random, 50) ? "rev 1" : "rev 2";
  for (int i = 0; i < 7; ++i) {
    if (chance(random, 70)) ruleset.sets.push_back(random_set(random, i));
  }
  // Chain 0 is always there and jumps nowhere: maps may refer to it.
  ruleset.chains.push_back(build::chain(chain_name(0)));
  std::vector<int> targets = {0};
  for (int i = 1; i < kChains; ++i) {
    if (chance(random, 30)) continue;
    Chain chain = build::chain(chain_name(i), random_rules(random, ruleset.sets, targets));
    if (chance(random, 15)) chain.comment = chance(random, 50) ? "x" : "y";
    const bool is_base = i >= 4 ? chance(random, 95) : chance(random, 3);
    if (is_base) chain.hook = random_hook(random, i);
    if (!is_base) targets.push_back(i);
    ruleset.chains.push_back(std::move(chain));
  }
  return ruleset;
}

Ruleset mutated(Ruleset ruleset, std::mt19937& random) {
  for (Set& set : ruleset.sets) {
    if (set.elements.empty() || chance(random, 50)) continue;
    const auto at = static_cast<std::size_t>(pick(random, static_cast<int>(set.elements.size())));
    if (chance(random, 50)) {
      set.elements.erase(set.elements.begin() + static_cast<std::ptrdiff_t>(at));
    } else if (set.is_verdict_map) {
      set.elements[at].verdict = random_verdict(random, {0});
    } else {
      set.elements[at].comment += "m";
    }
  }
  if (chance(random, 50)) redraw_chain(ruleset, random);
  if (chance(random, 10)) ruleset.comment += "'";
  return ruleset;
}

}  // namespace ravelin::firewall
