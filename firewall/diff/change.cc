#include "firewall/diff/change.h"

#include "base/check.h"
#include "firewall/diff/set_plan.h"
#include "firewall/diff/targets.h"

#include <algorithm>
#include <set>

namespace ravelin::firewall {
namespace {

Set header_of(const Set& set) {
  Set header = set;
  header.size = announced_size(set);  // while its elements are still known
  header.elements.clear();
  return header;
}

// Two under one name would be one in the kernel.
template <class Named>
bool has_unique_names(const std::vector<Named>& things) {
  std::set<std::string_view> names;
  return std::all_of(things.begin(), things.end(),
                     [&](const Named& thing) { return names.insert(thing.name).second; });
}

Chain header_of(const Chain& chain) {
  return {chain.name, chain.hook, {}, chain.comment};
}

// One change as it is worked out.
class Change {
 public:
  Change(const Ruleset& live, const Ruleset& wanted)
      : live_(live),
        plans_(plan_sets(live, wanted)),
        placed_(wanted),
        targets_(targets_of(wanted)) {
    placed_.comment = live.comment;
    placed_.sets.clear();
    for (const SetPlan& plan : plans_.sets)
      placed_.sets.push_back(plan.set);
    for (Chain& chain : placed_.chains) {
      for (Rule& rule : chain.rules)
        rule = with_names(std::move(rule), plans_);
      const Chain* before = live.find_chain(chain.name);
      if (before != nullptr && !is_anew(*before, chain)) chain.comment = before->comment;
    }
    CHECK(has_unique_names(placed_.sets) && has_unique_names(placed_.chains));
  }

  [[nodiscard]] const Ruleset& placed() const { return placed_; }

  // What refers to something goes before it and comes after it: so no step finds a name in use, and
  // no chains form a loop half way.
  Transaction run() {
    put_sets();
    flush_chains();
    remove_elements();
    remove_sets();
    remove_chains();
    put_chains();
    add_elements();
    add_rules();
    return std::move(steps_);
  }

 private:
  // Whether the kernel turns the one into the other: a policy, nothing else.
  static bool fits(const Chain& before, const Chain& after) {
    if (before.hook.has_value() != after.hook.has_value()) return false;
    return !before.hook ||
           (before.hook->type == after.hook->type && before.hook->point == after.hook->point &&
            before.hook->priority == after.hook->priority);
  }

  // Whether the chain is removed and made again within the transaction.
  [[nodiscard]] bool is_anew(const Chain& before, const Chain& after) const {
    if (!fits(before, after)) return true;
    return !after.hook && before.comment != after.comment && !targets_.contains(after.name);
  }

  [[nodiscard]] bool is_new(const Chain& chain) const {
    const Chain* before = live_.find_chain(chain.name);
    return before == nullptr || is_anew(*before, chain);
  }

  [[nodiscard]] bool has_new_rules(const Chain& chain) const {
    return is_new(chain) || live_.find_chain(chain.name)->rules != chain.rules;
  }

  void put_sets() {
    for (const SetPlan& plan : plans_.sets) {
      if (plan.live == nullptr) steps_.emplace_back(PutSet{header_of(plan.set)});
    }
  }

  void flush_chains() {
    for (const Chain& chain : live_.chains) {
      const Chain* after = placed_.find_chain(chain.name);
      if (!chain.rules.empty() && (after == nullptr || has_new_rules(*after)))
        steps_.emplace_back(FlushChain{chain.name});
    }
  }

  void remove_elements() {
    for (const SetPlan& plan : plans_.sets) {
      if (!plan.elements.removed.empty())
        steps_.emplace_back(RemoveElements{plan.set.name, plan.elements.removed});
    }
  }

  // Before the chains: the elements of a map refer to these.
  void remove_sets() {
    for (const std::string& name : plans_.removed)
      steps_.emplace_back(RemoveSet{name});
  }

  void remove_chains() {
    for (const Chain& chain : live_.chains) {
      const Chain* after = placed_.find_chain(chain.name);
      if (after == nullptr || is_anew(chain, *after)) steps_.emplace_back(RemoveChain{chain.name});
    }
  }

  void put_chains() {
    for (const Chain& chain : placed_.chains) {
      if (is_new(chain) || live_.find_chain(chain.name)->hook != chain.hook)
        steps_.emplace_back(PutChain{header_of(chain)});
    }
  }

  void add_elements() {
    for (const SetPlan& plan : plans_.sets) {
      if (!plan.elements.added.empty())
        steps_.emplace_back(AddElements{plan.set.name, plan.elements.added});
    }
  }

  void add_rules() {
    for (const Chain& chain : placed_.chains) {
      if (!has_new_rules(chain)) continue;
      for (const Rule& rule : chain.rules)
        steps_.emplace_back(AddRule{chain.name, rule});
    }
  }

  const Ruleset& live_;
  SetPlans plans_;
  Ruleset placed_;
  std::set<std::string, std::less<>> targets_;  // of the wanted jumps and gotos
  Transaction steps_;
};

}  // namespace

Transaction create(const Ruleset& wanted) {
  Transaction steps = {PutTable{wanted.comment}};
  const Ruleset nothing;
  Transaction rest = Change(nothing, wanted).run();
  std::move(rest.begin(), rest.end(), std::back_inserter(steps));
  return steps;
}

Transaction change(const Ruleset& live, const Ruleset& wanted) {
  return Change(live, wanted).run();
}

Ruleset placed(const Ruleset& live, const Ruleset& wanted) {
  return Change(live, wanted).placed();
}

std::string placed_name(const Ruleset& live, const Ruleset& wanted, std::string_view name) {
  return plan_sets(live, wanted).name_of(std::string(name));
}

Transaction remove() {
  return {RemoveTable{}};
}

}  // namespace ravelin::firewall
