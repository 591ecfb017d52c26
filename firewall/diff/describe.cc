#include "firewall/diff/describe.h"

#include <fmt/format.h>

#include <cstddef>
#include <map>
#include <vector>

namespace ravelin::firewall {
namespace {

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// What the steps do to one set or chain, gathered.
struct Thing {
  std::string name;
  bool is_put = false, is_removed = false, is_flushed = false;
  std::size_t added = 0, removed = 0;
};

class Summary {
 public:
  explicit Summary(const Ruleset& live) : live_(live) {}

  void operator()(const PutTable&) { table_ += "+ table ravelin\n"; }

  void operator()(const RemoveTable&) { table_ += "- table ravelin\n"; }

  void operator()(const PutSet& step) { set(step.set.name).is_put = true; }

  void operator()(const RemoveSet& step) { set(step.name).is_removed = true; }

  void operator()(const FlushSet& step) {
    const Set* before = live_.find_set(step.name);
    set(step.name).removed += before == nullptr ? 0 : before->elements.size();
  }

  void operator()(const AddElements& step) { set(step.set).added += step.elements.size(); }

  void operator()(const RemoveElements& step) { set(step.set).removed += step.elements.size(); }

  void operator()(const AddBlock& step) { set(step.set).added += step.block->count(); }

  void operator()(const PutChain& step) { chain(step.chain.name).is_put = true; }

  void operator()(const RemoveChain& step) { chain(step.name).is_removed = true; }

  void operator()(const FlushChain& step) { chain(step.name).is_flushed = true; }

  void operator()(const AddRule& step) { ++chain(step.chain).added; }

  [[nodiscard]] std::string text() const {
    std::string text = table_;
    for (const Thing& thing : sets_)
      text += set_line(thing);
    for (const Thing& thing : chains_)
      text += chain_line(thing);
    return text;
  }

 private:
  static Thing& find(std::vector<Thing>& things, const std::string& name) {
    for (Thing& thing : things) {
      if (thing.name == name) return thing;
    }
    return things.emplace_back(Thing{name});
  }

  Thing& set(const std::string& name) { return find(sets_, name); }

  Thing& chain(const std::string& name) { return find(chains_, name); }

  [[nodiscard]] std::string set_line(const Thing& thing) const {
    const Set* before = live_.find_set(thing.name);
    if (before == nullptr)
      return fmt::format("+ set {}: {}\n", thing.name, counted(thing.added, "element"));
    if (thing.is_removed)
      return fmt::format("- set {}: {}\n", thing.name, counted(before->elements.size(), "element"));
    return fmt::format("~ set {}: +{} -{} elements\n", thing.name, thing.added, thing.removed);
  }

  [[nodiscard]] std::string chain_line(const Thing& thing) const {
    const Chain* before = live_.find_chain(thing.name);
    if (before == nullptr)
      return fmt::format("+ chain {}: {}\n", thing.name, counted(thing.added, "rule"));
    const std::size_t rules = before->rules.size();
    if (thing.is_removed && !thing.is_put)
      return fmt::format("- chain {}: {}\n", thing.name, counted(rules, "rule"));
    if (!thing.is_flushed && thing.added == 0) return fmt::format("~ chain {}\n", thing.name);
    const std::size_t after = (thing.is_flushed || thing.is_removed ? 0 : rules) + thing.added;
    return fmt::format("~ chain {}: {} -> {}\n", thing.name, counted(rules, "rule"), after);
  }

  const Ruleset& live_;
  std::string table_;
  std::vector<Thing> sets_, chains_;
};

}  // namespace

std::string describe(const Transaction& transaction, const Ruleset& live) {
  Summary summary(live);
  for (const Step& step : transaction)
    std::visit(summary, step);
  return summary.text();
}

}  // namespace ravelin::firewall
