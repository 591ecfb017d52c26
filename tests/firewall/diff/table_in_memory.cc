#include "tests/firewall/diff/table_in_memory.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

template <class Named>
Named* find(std::vector<Named>& things, const std::string& name) {
  const auto found = std::find_if(things.begin(), things.end(),
                                  [&](const Named& thing) { return thing.name == name; });
  return found == things.end() ? nullptr : &*found;
}

template <class Named>
void insert_sorted(std::vector<Named>& things, Named thing) {
  const auto at = std::find_if(things.begin(), things.end(),
                               [&](const Named& other) { return thing.name < other.name; });
  things.insert(at, std::move(thing));
}

bool is_first(const Element& a, const Element& b) {
  return a.key != b.key ? a.key < b.key : a.key_end < b.key_end;
}

}  // namespace

std::vector<std::string> sets_of(const Rule& rule) {
  std::vector<std::string> names;
  for (const Statement& statement : rule.statements) {
    if (const auto* lookup = std::get_if<Lookup>(&statement)) names.push_back(lookup->set);
    if (const auto* lookup = std::get_if<VerdictLookup>(&statement)) names.push_back(lookup->map);
    if (const auto* update = std::get_if<Update>(&statement)) names.push_back(update->set);
  }
  return names;
}

std::vector<std::string> chains_of(const Rule& rule) {
  std::vector<std::string> names;
  for (const Statement& statement : rule.statements) {
    const auto* verdict = std::get_if<Verdict>(&statement);
    if (verdict != nullptr && !verdict->chain.empty()) names.push_back(verdict->chain);
  }
  return names;
}

std::optional<std::string> TableInMemory::apply(const Transaction& transaction) {
  TableInMemory before = *this;
  for (const Step& one : transaction)
    std::visit([this](const auto& what) { step(what); }, one);
  std::optional<std::string> error = error_;
  if (error) *this = std::move(before);
  return error;
}

void TableInMemory::fill(const std::string& name, Element element) {
  set(name)->elements.push_back(std::move(element));
}

void TableInMemory::expect(bool holds, const std::string& what, const std::string& name) {
  if (!holds && !error_) error_ = what + ": " + name;
}

Set* TableInMemory::set(const std::string& name) {
  Set* found = find(state_.sets, name);
  expect(found != nullptr, "no set", name);
  return found;
}

Chain* TableInMemory::chain(const std::string& name) {
  Chain* found = find(state_.chains, name);
  expect(found != nullptr, "no chain", name);
  return found;
}

bool TableInMemory::is_set_used(const std::string& name) const {
  for (const Chain& one : state_.chains) {
    for (const Rule& rule : one.rules) {
      const auto names = sets_of(rule);
      if (std::count(names.begin(), names.end(), name) != 0) return true;
    }
  }
  return false;
}

bool TableInMemory::is_chain_used(const std::string& name) const {
  for (const Chain& one : state_.chains) {
    for (const Rule& rule : one.rules) {
      const auto names = chains_of(rule);
      if (std::count(names.begin(), names.end(), name) != 0) return true;
    }
  }
  for (const Set& one : state_.sets) {
    for (const Element& element : one.elements) {
      if (element.verdict && element.verdict->chain == name) return true;
    }
  }
  return false;
}

void TableInMemory::step(const PutTable& step) {
  if (!exists_) state_.comment = step.comment;
  exists_ = true;
}

void TableInMemory::step(const RemoveTable& /*step*/) {
  expect(exists_, "no table", "ravelin");
  exists_ = false;
  state_ = {};
}

void TableInMemory::step(const PutSet& step) {
  expect(exists_, "no table for set", step.set.name);
  expect(step.set.name.size() <= 31, "long name of set", step.set.name);
  expect(step.set.elements.empty(), "elements in header of set", step.set.name);
  expect(find(state_.sets, step.set.name) == nullptr, "set exists", step.set.name);
  insert_sorted(state_.sets, step.set);
}

void TableInMemory::step(const RemoveSet& step) {
  expect(!is_set_used(step.name), "set in use", step.name);
  if (set(step.name) == nullptr) return;
  std::erase_if(state_.sets, [&](const Set& one) { return one.name == step.name; });
}

void TableInMemory::step(const FlushSet& step) {
  if (Set* found = set(step.name)) found->elements.clear();
}

void TableInMemory::step(const AddElements& step) {
  Set* found = set(step.set);
  if (found == nullptr) return;
  for (const Element& element : step.elements) {
    if (element.verdict && !element.verdict->chain.empty()) chain(element.verdict->chain);
    const auto at =
        std::lower_bound(found->elements.begin(), found->elements.end(), element, is_first);
    const bool is_there = at != found->elements.end() && !is_first(element, *at);
    expect(!is_there, "element exists in set", step.set);
    found->elements.insert(at, element);
  }
  expect(found->size == 0 || found->elements.size() <= found->size, "set full", step.set);
}

void TableInMemory::step(const RemoveElements& step) {
  Set* found = set(step.set);
  if (found == nullptr) return;
  for (const Element& element : step.elements) {
    const auto at = std::find(found->elements.begin(), found->elements.end(), element);
    expect(at != found->elements.end(), "no such element in set", step.set);
    if (at != found->elements.end()) found->elements.erase(at);
  }
}

void TableInMemory::step(const AddBlock& step) {
  expect(set(step.set) != nullptr && step.block != nullptr, "block for set", step.set);
}

void TableInMemory::step(const PutChain& step) {
  expect(exists_, "no table for chain", step.chain.name);
  expect(step.chain.rules.empty(), "rules in header of chain", step.chain.name);
  Chain* found = find(state_.chains, step.chain.name);
  if (found == nullptr) {
    insert_sorted(state_.chains, step.chain);
    return;
  }
  expect(found->hook.has_value() && step.chain.hook.has_value(), "kind of chain", step.chain.name);
  if (!found->hook || !step.chain.hook) return;
  Hook wanted = *step.chain.hook;
  wanted.policy = found->hook->policy;
  expect(found->hook == wanted, "hook of chain", step.chain.name);
  found->hook = step.chain.hook;
}

void TableInMemory::step(const RemoveChain& step) {
  expect(!is_chain_used(step.name), "chain in use", step.name);
  if (Chain* found = chain(step.name)) expect(found->rules.empty(), "rules in chain", step.name);
  std::erase_if(state_.chains, [&](const Chain& one) { return one.name == step.name; });
}

void TableInMemory::step(const FlushChain& step) {
  if (Chain* found = chain(step.name)) found->rules.clear();
}

void TableInMemory::step(const AddRule& step) {
  for (const std::string& name : sets_of(step.rule))
    set(name);
  for (const std::string& name : chains_of(step.rule)) {
    const Chain* target = chain(name);
    expect(target != nullptr && !target->hook, "jump to base chain", name);
  }
  if (Chain* found = chain(step.chain)) found->rules.push_back(step.rule);
}

}  // namespace ravelin::firewall
