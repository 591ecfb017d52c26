#include "firewall/diff/stages.h"

#include "firewall/diff/change.h"
#include "firewall/diff/numbered_name.h"
#include "firewall/diff/set_plan.h"
#include "firewall/diff/targets.h"

#include <algorithm>
#include <map>
#include <set>

namespace ravelin::firewall {
namespace {

void rename(std::string& name, const Names& names) {
  const auto found = names.find(name);
  if (found != names.end()) name = found->second;
}

void rename_in(Statement& statement, const Names& chains, const Names& sets) {
  if (auto* verdict = std::get_if<Verdict>(&statement)) rename(verdict->chain, chains);
  if (auto* lookup = std::get_if<Lookup>(&statement)) rename(lookup->set, sets);
  if (auto* lookup = std::get_if<VerdictLookup>(&statement)) rename(lookup->map, sets);
  if (auto* update = std::get_if<Update>(&statement)) rename(update->set, sets);
}

bool is_same(const Chain& live, const Chain& wanted) {
  return !live.hook && live.comment == wanted.comment && live.rules == wanted.rules;
}

class Namer {
 public:
  Namer(const Ruleset& live, const Ruleset& wanted)
      : live_(live),
        wanted_(wanted),
        there_(live.chains),
        wishes_(wanted.chains),
        targets_(targets_of(wanted)) {
    for (const Chain& chain : live.chains)
      taken_.insert(chain.name);
    for (const Chain& chain : wanted.chains)
      taken_.insert(chain.name);
  }

  // A chain that leads to one with another name has another rule, and a set whose elements do may
  // have another name: so until nothing changes any more. Each chain changes its name at most once
  // for good.
  Ruleset run() {
    for (std::size_t turn = 0; turn <= wanted_.chains.size(); ++turn) {
      Ruleset now = with_names(wanted_, names_, {});
      const SetPlans plans = plan_sets(live_, now);
      if (!rename_changed(now, plans)) return now;
    }
    return with_names(wanted_, names_, {});
  }

 private:
  bool rename_changed(const Ruleset& now, const SetPlans& plans) {
    bool is_changed = false;
    for (std::size_t i = 0; i < now.chains.size(); ++i) {
      const std::string& wish = wanted_.chains[i].name;
      if (now.chains[i].hook || !targets_.contains(wish) || fresh_.contains(wish)) continue;
      Chain chain = now.chains[i];
      for (Rule& rule : chain.rules)
        rule = firewall::with_names(std::move(rule), plans);
      const Chain* there = live_chain(chain.name);
      if (there == nullptr && !has_relative(wish)) continue;
      if (there != nullptr && is_same(*there, chain)) continue;
      names_[wish] = name_for(wish, chain);
      is_changed = true;
    }
    return is_changed;
  }

  [[nodiscard]] const Chain* live_chain(std::string_view name) const {
    const auto place = there_.find(name);
    return place ? &live_.chains[*place] : nullptr;
  }

  [[nodiscard]] bool has_relative(const std::string& wish) const {
    return !tried_.contains(wish) && !there_.numbered(wish).empty();
  }

  // Two of `wanted` under one name would be one.
  [[nodiscard]] bool may_have(const std::string& wish, const std::string& name) const {
    const auto owner = owners_.find(name);
    return !wishes_.find(name) && (owner == owners_.end() || owner->second == wish);
  }

  // The chain it was before, under whatever name; else one nobody has.
  std::string name_for(const std::string& wish, const Chain& chain) {
    tried_.insert(wish);
    const Chain* before = live_chain(wish);
    if (before != nullptr && is_same(*before, chain)) return wish;
    for (const std::size_t place : there_.numbered(wish)) {
      const Chain& there = live_.chains[place];
      if (!may_have(wish, there.name) || !is_same(there, chain)) continue;
      owners_[there.name] = wish;
      return there.name;
    }
    fresh_.insert(wish);
    return before == nullptr ? wish : take_numbered_name(wish, taken_);
  }

  const Ruleset& live_;
  const Ruleset& wanted_;
  NameIndex there_;                             // of live_
  NameIndex wishes_;                            // of wanted_
  std::set<std::string, std::less<>> targets_;  // of the wanted jumps and gotos
  Names names_;
  std::map<std::string, std::string, std::less<>> owners_;  // of names that stay -> who wanted them
  std::set<std::string, std::less<>> taken_;
  std::set<std::string, std::less<>> fresh_;  // wanted chains that are new for good
  std::set<std::string, std::less<>> tried_;
};

// Tells the stage of each step.
class Sorter {
 public:
  Sorter(const Ruleset& live, const Ruleset& after) : live_(live), after_(after) {}

  Transaction& stage_of(const Step& step, Stages& stages) const {
    if (std::visit([this](const auto& one) { return is_new(one); }, step)) return stages.prepare;
    return std::visit([this](const auto& one) { return is_old(one); }, step) ? stages.clean
                                                                             : stages.flip;
  }

 private:
  [[nodiscard]] bool is_new_chain(const std::string& name) const {
    const Chain* chain = after_.find_chain(name);
    return live_.find_chain(name) == nullptr && chain != nullptr && !chain->hook;
  }

  [[nodiscard]] bool is_old_chain(const std::string& name) const {
    const Chain* chain = live_.find_chain(name);
    return after_.find_chain(name) == nullptr && chain != nullptr && !chain->hook;
  }

  [[nodiscard]] bool is_new(const PutSet&) const { return true; }

  [[nodiscard]] bool is_new(const PutChain& step) const { return is_new_chain(step.chain.name); }

  [[nodiscard]] bool is_new(const AddRule& step) const { return is_new_chain(step.chain); }

  [[nodiscard]] bool is_new(const AddElements& step) const {
    return live_.find_set(step.set) == nullptr;
  }

  [[nodiscard]] bool is_new(const AddBlock& step) const {
    return live_.find_set(step.set) == nullptr;
  }

  template <class Other>
  [[nodiscard]] bool is_new(const Other&) const {
    return false;
  }

  [[nodiscard]] bool is_old(const RemoveSet&) const { return true; }

  [[nodiscard]] bool is_old(const RemoveChain& step) const { return is_old_chain(step.name); }

  [[nodiscard]] bool is_old(const FlushChain& step) const { return is_old_chain(step.name); }

  template <class Other>
  [[nodiscard]] bool is_old(const Other&) const {
    return false;
  }

  const Ruleset& live_;
  const Ruleset& after_;
};

Transaction undo_of(const Transaction& prepare) {
  Transaction flush, sets, chains;
  for (const Step& step : prepare) {
    if (const auto* chain = std::get_if<PutChain>(&step)) {
      flush.emplace_back(FlushChain{chain->chain.name});
      chains.emplace_back(RemoveChain{chain->chain.name});
    }
    if (const auto* set = std::get_if<PutSet>(&step)) sets.emplace_back(RemoveSet{set->set.name});
  }
  std::move(sets.begin(), sets.end(), std::back_inserter(flush));
  std::move(chains.begin(), chains.end(), std::back_inserter(flush));
  return flush;
}

}  // namespace

Ruleset with_names(const Ruleset& ruleset, const Names& chains, const Names& sets) {
  Ruleset result = ruleset;
  for (Set& set : result.sets) {
    rename(set.name, sets);
    for (Element& element : set.elements) {
      if (element.verdict) rename(element.verdict->chain, chains);
    }
  }
  for (Chain& chain : result.chains) {
    rename(chain.name, chains);
    for (Rule& rule : chain.rules) {
      for (Statement& statement : rule.statements)
        rename_in(statement, chains, sets);
    }
  }
  return result;
}

Ruleset with_fresh_chains(const Ruleset& live, const Ruleset& wanted) {
  return Namer(live, wanted).run();
}

Stages stages(const Ruleset& live, const Ruleset& wanted) {
  const Ruleset after = placed(live, wanted);
  const Sorter sorter(live, after);
  Stages result;
  for (Step& step : change(live, wanted))
    sorter.stage_of(step, result).push_back(std::move(step));
  result.undo = undo_of(result.prepare);
  return result;
}

void append(Stages& stages, const Ruleset& live, Transaction elements) {
  const auto name_of = [](const Step& step) -> const std::string* {
    if (const auto* add = std::get_if<AddElements>(&step)) return &add->set;
    if (const auto* add = std::get_if<AddBlock>(&step)) return &add->set;
    return nullptr;
  };
  for (Step& step : elements) {
    const std::string* set = name_of(step);
    const bool is_new = set != nullptr && live.find_set(*set) == nullptr;
    (is_new ? stages.prepare : stages.flip).push_back(std::move(step));
  }
}

}  // namespace ravelin::firewall
