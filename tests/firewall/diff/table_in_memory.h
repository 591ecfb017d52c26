// A table that takes transactions as the kernel does: all or nothing, and never a name that is not
// there, a key twice, more elements than announced, or a removal of what is still referred to.
#pragma once

#include "firewall/diff/transaction.h"

#include <optional>
#include <string>

namespace ravelin::firewall {

class TableInMemory {
 public:
  // What the kernel would say; none when it was applied. After an error nothing has changed.
  std::optional<std::string> apply(const Transaction& transaction);

  // Sets have the sizes they were announced with; sets and chains are sorted by name.
  [[nodiscard]] const Ruleset& state() const { return state_; }

  // What another hand does: an element of a dynamic or external set.
  void fill(const std::string& set, Element element);

 private:
  void step(const PutTable& step);
  void step(const RemoveTable& step);
  void step(const PutSet& step);
  void step(const RemoveSet& step);
  void step(const FlushSet& step);
  void step(const AddElements& step);
  void step(const RemoveElements& step);
  void step(const AddBlock& step);
  void step(const PutChain& step);
  void step(const RemoveChain& step);
  void step(const FlushChain& step);
  void step(const AddRule& step);

  Set* set(const std::string& name);
  Chain* chain(const std::string& name);
  [[nodiscard]] bool is_set_used(const std::string& name) const;
  [[nodiscard]] bool is_chain_used(const std::string& name) const;
  void expect(bool holds, const std::string& what, const std::string& name);

  Ruleset state_;
  bool exists_ = false;
  std::optional<std::string> error_;
};

// The names of sets and of chains a rule refers to.
std::vector<std::string> sets_of(const Rule& rule);
std::vector<std::string> chains_of(const Rule& rule);

}  // namespace ravelin::firewall
