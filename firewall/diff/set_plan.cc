#include "firewall/diff/set_plan.h"

#include "firewall/diff/numbered_name.h"

#include <algorithm>
#include <set>

namespace ravelin::firewall {
namespace {

// So few elements change in place whatever their share: a new set would cost the counters of every
// rule that refers to it.
constexpr std::size_t kFewElements = 32;

// Nobody but rules and other hands know what is in it.
bool keeps_contents(const Set& set) {
  return set.is_dynamic || set.is_external;
}

bool has_room(const Set& live, const Set& wanted) {
  if (live.is_interval || keeps_contents(wanted) || wanted.size != 0)
    return announced_size(live) == announced_size(wanted);
  return announced_size(live) >= wanted.elements.size();
}

bool equal_headers(const Set& live, const Set& wanted) {
  return live.key == wanted.key && live.is_verdict_map == wanted.is_verdict_map &&
         live.is_interval == wanted.is_interval && live.is_dynamic == wanted.is_dynamic &&
         live.is_external == wanted.is_external && live.has_timeout == wanted.has_timeout &&
         live.timeout == wanted.timeout && has_room(live, wanted) &&
         (live.comment == wanted.comment || keeps_contents(wanted));
}

std::vector<const Element*> by_key(const std::vector<Element>& elements) {
  std::vector<const Element*> sorted;
  sorted.reserve(elements.size());
  for (const Element& element : elements)
    sorted.push_back(&element);
  std::sort(sorted.begin(), sorted.end(), [](const Element* a, const Element* b) {
    return a->key != b->key ? a->key < b->key : a->key_end < b->key_end;
  });
  return sorted;
}

bool same_key(const Element& a, const Element& b) {
  return a.key == b.key && a.key_end == b.key_end;
}

ElementChange change_of(const std::vector<Element>& live, const std::vector<Element>& wanted) {
  ElementChange change;
  const auto old_ones = by_key(live);
  const auto new_ones = by_key(wanted);
  auto old_one = old_ones.begin();
  auto new_one = new_ones.begin();
  const auto is_first = [](const Element& a, const Element& b) {
    return a.key != b.key ? a.key < b.key : a.key_end < b.key_end;
  };
  while (old_one != old_ones.end() || new_one != new_ones.end()) {
    if (new_one == new_ones.end() ||
        (old_one != old_ones.end() && is_first(**old_one, **new_one))) {
      change.removed.push_back(**old_one++);
    } else if (old_one == old_ones.end() || !same_key(**old_one, **new_one)) {
      change.added.push_back(**new_one++);
    } else {
      if (**old_one != **new_one) {
        change.removed.push_back(**old_one);
        change.added.push_back(**new_one);
      }
      ++old_one;
      ++new_one;
    }
  }
  return change;
}

bool is_small(const ElementChange& change, const Set& live, const Set& wanted) {
  const std::size_t changed = change.removed.size() + change.added.size();
  return changed <= kFewElements ||
         changed * 5 < std::max(live.elements.size(), wanted.elements.size());
}

class Planner {
 public:
  Planner(const Ruleset& live, const Ruleset& wanted)
      : live_(live), wanted_(wanted), there_(live.sets) {
    for (const Set& set : live.sets)
      taken_.insert(set.name);
    for (const Set& set : wanted.sets) {
      taken_.insert(set.name);
      if (there_.find(set.name)) claimed_.insert(set.name);
    }
  }

  SetPlans run() {
    std::set<std::string, std::less<>> kept;
    for (const Set& set : wanted_.sets) {
      SetPlan plan = plan_of(set);
      if (plan.live != nullptr) kept.insert(plan.live->name);
      plans_.names[set.name] = plan.set.name;
      plans_.sets.push_back(std::move(plan));
    }
    for (const Set& set : live_.sets) {
      if (!kept.contains(set.name)) plans_.removed.push_back(set.name);
    }
    return std::move(plans_);
  }

 private:
  // The set of this name, or one that took over from it before.
  const Set* counterpart(const Set& wanted) {
    if (const auto place = there_.find(wanted.name)) return &live_.sets[*place];
    for (const std::size_t place : there_.numbered(wanted.name)) {
      const Set& set = live_.sets[place];
      if (claimed_.insert(set.name).second) return &set;
    }
    return nullptr;
  }

  SetPlan plan_of(const Set& wanted) {
    SetPlan plan{wanted, nullptr, {}};
    const Set* live = counterpart(wanted);
    if (live != nullptr && equal_headers(*live, wanted)) {
      if (!keeps_contents(wanted)) plan.elements = change_of(live->elements, wanted.elements);
      if (is_small(plan.elements, *live, wanted)) {
        plan.live = live;
        plan.set.name = live->name;
        plan.set.comment = live->comment;
        if (announced_size(*live) != announced_size(wanted)) plan.set.size = announced_size(*live);
        return plan;
      }
    }
    plan.elements = {{}, wanted.elements};
    if (there_.find(wanted.name)) plan.set.name = take_numbered_name(wanted.name, taken_);
    return plan;
  }

  const Ruleset& live_;
  const Ruleset& wanted_;
  NameIndex there_;  // of live_
  SetPlans plans_;
  std::set<std::string, std::less<>> taken_;    // names nobody else may take
  std::set<std::string, std::less<>> claimed_;  // sets of `live_` that are somebody's
};

}  // namespace

const std::string& SetPlans::name_of(const std::string& wanted) const {
  const auto found = names.find(wanted);
  return found == names.end() ? wanted : found->second;
}

SetPlans plan_sets(const Ruleset& live, const Ruleset& wanted) {
  return Planner(live, wanted).run();
}

Rule with_names(Rule rule, const SetPlans& plans) {
  for (Statement& statement : rule.statements) {
    if (auto* lookup = std::get_if<Lookup>(&statement)) lookup->set = plans.name_of(lookup->set);
    if (auto* lookup = std::get_if<VerdictLookup>(&statement))
      lookup->map = plans.name_of(lookup->map);
    if (auto* update = std::get_if<Update>(&statement)) update->set = plans.name_of(update->set);
  }
  return rule;
}

}  // namespace ravelin::firewall
