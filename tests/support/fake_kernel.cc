#include "tests/support/fake_kernel.h"

#include "base/check.h"
#include "tests/support/fake_elements.h"

#include <algorithm>
#include <set>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::fail;

constexpr int kJumpsMax = 16;

// The chain or set a statement names; a set has '@' in front.
std::vector<std::string> names_in(const Rule& rule) {
  std::vector<std::string> names;
  for (const Statement& statement : rule.statements) {
    if (const auto* lookup = std::get_if<Lookup>(&statement)) names.push_back("@" + lookup->set);
    if (const auto* lookup = std::get_if<VerdictLookup>(&statement))
      names.push_back("@" + lookup->map);
    if (const auto* update = std::get_if<Update>(&statement)) names.push_back("@" + update->set);
    const auto* verdict = std::get_if<Verdict>(&statement);
    if (verdict != nullptr && !verdict->chain.empty()) names.push_back(verdict->chain);
  }
  return names;
}

// Applies steps to a copy of the table.
class Applier {
 public:
  explicit Applier(std::optional<FakeTable> table) : table_(std::move(table)) {}

  std::optional<FakeTable> take() { return std::move(table_); }

  Result<> operator()(const PutTable& put) {
    if (!table_) table_ = FakeTable{put.comment, {}, {}, {}};  // an old one keeps its comment
    return {};
  }

  Result<> operator()(const RemoveTable&) {
    if (!table_) return no_table();
    table_.reset();
    return {};
  }

  Result<> operator()(const PutSet& put) {
    if (!table_) return no_table();
    Set header = put.set;
    header.elements.clear();
    const auto there = table_->sets.find(header.name);
    if (there == table_->sets.end()) {
      table_->sets.emplace(header.name, header);
      return {};
    }
    Set old = there->second;
    old.elements.clear();
    if (old.key == header.key && old.is_interval == header.is_interval &&
        old.is_verdict_map == header.is_verdict_map && old.is_dynamic == header.is_dynamic)
      return {};
    return fail(Errc::kernel, "set \"{}\": exists already, with other properties", header.name);
  }

  Result<> operator()(const RemoveSet& step) {
    const auto set = find_set(step.name);
    if (!set) return set.error();
    if (is_used("@" + step.name)) return in_use("set", step.name);
    table_->sets.erase(step.name);
    return {};
  }

  Result<> operator()(const FlushSet& step) {
    const auto set = find_set(step.name);
    if (!set) return set.error();
    (*set)->elements.clear();
    return {};
  }

  Result<> operator()(const AddElements& add) {
    const auto set = find_set(add.set);
    if (!set) return set.error();
    for (const Element& element : add.elements)
      if (auto added = insert(**set, element, add.may_exist); !added) return added;
    return (*set)->is_verdict_map ? check_depth() : Result<>{};
  }

  Result<> operator()(const AddBlock& add) {
    const auto set = find_set(add.set);
    if (!set) return set.error();
    // A block is sorted and without overlap in itself: only what was there can be in its way.
    std::vector<Element> made = elements_of(*add.block);
    for (const Element& old : (*set)->elements)
      for (const Element& element : made)
        if (overlap(**set, old, element)) return duplicate(add.set);
    auto& all = (*set)->elements;
    all.insert(all.end(), made.begin(), made.end());
    std::sort(all.begin(), all.end(),
              [](const Element& a, const Element& b) { return a.key < b.key; });
    return check_size(**set);
  }

  Result<> operator()(const RemoveElements& remove) {
    const auto set = find_set(remove.set);
    if (!set) return set.error();
    for (const Element& element : remove.elements) {
      auto& all = (*set)->elements;
      const auto there = std::find_if(all.begin(), all.end(), [&](const Element& old) {
        return old.key == element.key && last_of(old) == last_of(element);
      });
      if (there == all.end())
        return fail(Errc::kernel, "set \"{}\": an element does not exist", remove.set);
      all.erase(there);
    }
    return {};
  }

  Result<> operator()(const PutChain& put) {
    if (!table_) return no_table();
    const auto there = table_->chains.find(put.chain.name);
    if (there == table_->chains.end()) {
      Chain header = put.chain;
      header.rules.clear();
      table_->chains.emplace(header.name, header);
      table_->chain_order.push_back(header.name);
      return {};
    }
    auto& hook = there->second.hook;
    const bool is_same =
        hook.has_value() == put.chain.hook.has_value() &&
        (!hook || (hook->type == put.chain.hook->type && hook->point == put.chain.hook->point &&
                   hook->priority == put.chain.hook->priority));
    if (!is_same)
      return fail(Errc::kernel, "chain \"{}\": exists already, with other properties",
                  put.chain.name);
    hook = put.chain.hook;  // its policy may be another
    return {};
  }

  Result<> operator()(const RemoveChain& step) {
    const auto chain = find_chain(step.name);
    if (!chain) return chain.error();
    if (is_used(step.name)) return in_use("chain", step.name);
    table_->chains.erase(step.name);
    std::erase(table_->chain_order, step.name);
    return {};
  }

  Result<> operator()(const FlushChain& step) {
    const auto chain = find_chain(step.name);
    if (!chain) return chain.error();
    (*chain)->rules.clear();
    return {};
  }

  Result<> operator()(const AddRule& add) {
    const auto chain = find_chain(add.chain);
    if (!chain) return at_rule(chain.error(), add.rule);
    for (const std::string& name : names_in(add.rule)) {
      const bool exists = name[0] == '@' ? table_->sets.count(name.substr(1)) != 0
                                         : table_->chains.count(name) != 0;
      if (!exists)
        return at_rule(
            fail(Errc::kernel, "\"{}\" does not exist", name[0] == '@' ? name.substr(1) : name),
            add.rule);
    }
    (*chain)->rules.push_back(add.rule);
    const bool leads_on = std::any_of(add.rule.statements.begin(), add.rule.statements.end(),
                                      [](const Statement& statement) {
                                        const auto* verdict = std::get_if<Verdict>(&statement);
                                        return std::holds_alternative<VerdictLookup>(statement) ||
                                               (verdict != nullptr && !verdict->chain.empty());
                                      });
    if (!leads_on) return {};
    if (const auto checked = check_depth(); !checked) return at_rule(checked.error(), add.rule);
    return {};
  }

 private:
  static Result<> no_table() { return fail(Errc::kernel, "table inet ravelin does not exist"); }

  static Result<> in_use(std::string_view kind, std::string_view name) {
    return fail(Errc::kernel, "{} \"{}\": is still in use", kind, name);
  }

  static Result<> duplicate(std::string_view set) {
    return fail(Errc::kernel, "set \"{}\": an element is there already, or overlaps another", set);
  }

  static Result<> at_rule(base::Error error, const Rule& rule) {
    if (rule.pos.line != 0) error.pos = rule.pos;
    return error;
  }

  static Result<> check_size(const Set& set) {
    if (set.size == 0 || set.elements.size() <= set.size) return {};
    return fail(Errc::kernel, "set \"{}\": the set is full", set.name);
  }

  Result<Set*> find_set(const std::string& name) {
    if (!table_) return no_table().error();
    const auto there = table_->sets.find(name);
    if (there == table_->sets.end()) return fail(Errc::kernel, "set \"{}\" does not exist", name);
    return &there->second;
  }

  Result<Chain*> find_chain(const std::string& name) {
    if (!table_) return no_table().error();
    const auto there = table_->chains.find(name);
    if (there == table_->chains.end())
      return fail(Errc::kernel, "chain \"{}\" does not exist", name);
    return &there->second;
  }

  Result<> insert(Set& set, const Element& element, bool may_exist) {
    auto& all = set.elements;
    const auto after =
        std::lower_bound(all.begin(), all.end(), element,
                         [](const Element& a, const Element& b) { return a.key < b.key; });
    if (after != all.end() && after->key == element.key && last_of(*after) == last_of(element)) {
      if (!may_exist) return duplicate(set.name);
      after->timeout = element.timeout;
      return {};
    }
    if (set.is_interval)
      for (const Element& old : all)
        if (overlap(set, old, element)) return duplicate(set.name);
    if (element.verdict && !element.verdict->chain.empty() &&
        table_->chains.count(element.verdict->chain) == 0)
      return fail(Errc::kernel, "\"{}\" does not exist", element.verdict->chain);
    all.insert(after, element);
    return check_size(set);
  }

  // Whether a rule or the entry of a map names it.
  [[nodiscard]] bool is_used(const std::string& name) const {
    for (const auto& [holder, chain] : table_->chains) {
      if (holder == name) continue;  // its own rules go with it
      for (const Rule& rule : chain.rules) {
        const auto names = names_in(rule);
        if (std::find(names.begin(), names.end(), name) != names.end()) return true;
      }
    }
    for (const auto& [holder, set] : table_->sets)
      for (const Element& element : set.elements)
        if (element.verdict && element.verdict->chain == name) return true;
    return false;
  }

  // From each base chain; only jumps that come back take a place, but a circle is one either way.
  [[nodiscard]] Result<> check_depth() const {
    for (const auto& [name, chain] : table_->chains) {
      std::vector<std::string> path;
      if (chain.hook && !is_shallow(name, path, 0))
        return fail(Errc::kernel, "jumps lead in a circle, or are more than 16 deep");
    }
    return {};
  }

  [[nodiscard]] bool is_shallow(const std::string& name, std::vector<std::string>& path,
                                int jumps) const {
    if (jumps >= kJumpsMax || std::find(path.begin(), path.end(), name) != path.end()) return false;
    path.push_back(name);
    for (const Verdict& way : ways_from(table_->chains.at(name)))
      if (!is_shallow(way.chain, path, jumps + (way.kind == Verdict::Kind::jump ? 1 : 0)))
        return false;
    path.pop_back();
    return true;
  }

  [[nodiscard]] std::set<Verdict> ways_from(const Chain& chain) const {
    std::set<Verdict> ways;
    for (const Rule& rule : chain.rules) {
      for (const Statement& statement : rule.statements) {
        const auto* verdict = std::get_if<Verdict>(&statement);
        if (verdict != nullptr && !verdict->chain.empty()) ways.insert(*verdict);
        const auto* lookup = std::get_if<VerdictLookup>(&statement);
        if (lookup == nullptr) continue;
        for (const Element& element : table_->sets.at(lookup->map).elements)
          if (element.verdict && !element.verdict->chain.empty()) ways.insert(*element.verdict);
      }
    }
    return ways;
  }

  std::optional<FakeTable> table_;
};

}  // namespace

Result<Generation> FakeKernel::generation() {
  return generation_;
}

Result<> FakeKernel::apply(const Transaction& transaction, std::optional<Generation> based_on) {
  if (based_on && *based_on != generation_)
    return fail(Errc::conflict, "the ruleset of the kernel has changed since it was read");
  if (refused_ == transactions_) {
    refused_.reset();
    return fail(Errc::kernel, "transaction {} was told to fail", transactions_);
  }
  auto result = result_of(transaction);
  if (!result) return result.error();
  const bool is_changed = *result != table_;
  table_ = std::move(*result);
  if (is_changed) ++generation_;
  ++transactions_;
  if (std::exchange(is_answer_lost_, false)) return fail(Errc::protocol, "the answer is lost");
  return {};
}

Result<> FakeKernel::try_out(const Transaction& transaction) {
  const auto result = result_of(transaction);
  if (!result) return result.error();
  return {};
}

Result<std::optional<FakeTable>> FakeKernel::result_of(const Transaction& transaction) {
  const auto failure = std::exchange(next_failure_, std::nullopt);
  if (is_owned_elsewhere_ && !transaction.empty())
    return fail(Errc::denied, "table inet ravelin is owned by another process (netlink port 1)");
  Applier applier(table_);
  for (std::size_t i = 0; i < transaction.size(); ++i) {
    if (failure && failure->first == i) return fail(failure->second, "step {} was told to fail", i);
    if (auto applied = std::visit(applier, transaction[i]); !applied) return applied.error();
  }
  return applier.take();
}

Result<std::optional<LiveTable>> FakeKernel::read() {
  if (is_read_failing_) return fail(Errc::conflict, "the ruleset changed while it was read");
  if (!table_) return std::optional<LiveTable>{};
  LiveTable live;
  live.comment = table_->comment;
  for (const auto& [name, set] : table_->sets)
    live.sets.push_back(name);
  live.chains = table_->chain_order;
  std::uint64_t handle = 0;
  for (const std::string& name : table_->chain_order) {
    for (const Rule& rule : table_->chains.at(name).rules) {
      RuleCount count{name, rule.comment, 0, 0, 0};
      const auto counted = counts_.find({name, rule.comment});
      if (counted != counts_.end()) count = counted->second;
      count.handle = ++handle;
      live.rules.push_back(std::move(count));
    }
  }
  return std::optional<LiveTable>(std::move(live));
}

Result<std::optional<Kernel::Found>> FakeKernel::find(const std::string& set, const Bytes& key) {
  if (!table_ || table_->sets.count(set) == 0)
    return fail(Errc::not_found, "set \"{}\" does not exist", set);
  const Set& held = table_->sets.at(set);
  for (const Element& element : held.elements) {
    if (key < element.key || last_of(element) < key) continue;
    return std::optional<Found>(Found{element.timeout ? element.timeout : held.timeout});
  }
  return std::optional<Found>{};
}

void FakeKernel::fail_next_at(std::size_t step, base::Errc code) {
  next_failure_ = {step, code};
}

void FakeKernel::lose_table() {
  table_.reset();
  ++generation_;
}

void FakeKernel::count(const std::string& chain, const std::string& comment, std::uint64_t packets,
                       std::uint64_t bytes) {
  counts_[{chain, comment}] = RuleCount{chain, comment, packets, bytes, 0};
}

Ruleset FakeKernel::ruleset() const {
  CHECK(table_.has_value());
  Ruleset out;
  out.comment = table_->comment;
  for (const auto& [name, set] : table_->sets)
    out.sets.push_back(set);
  for (const std::string& name : table_->chain_order)
    out.chains.push_back(table_->chains.at(name));
  return out;
}

}  // namespace ravelin::firewall
