// A Kernel in memory that behaves: it holds the table as a Ruleset, takes a transaction whole or
// not at all, and refuses what the real one refuses.
#pragma once

#include "firewall/kernel/kernel.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::firewall {

// The table as the fake has it. Elements of external sets and of blocks are kept too.
struct FakeTable {
  std::string comment;
  std::map<std::string, Set> sets;
  std::map<std::string, Chain> chains;
  std::vector<std::string> chain_order;  // as they were made

  friend bool operator==(const FakeTable&, const FakeTable&) = default;
};

class FakeKernel final : public Kernel {
 public:
  Result<Generation> generation() override;
  Result<> apply(const Transaction& transaction, std::optional<Generation> based_on) override;
  Result<> try_out(const Transaction& transaction) override;
  Result<std::optional<LiveTable>> read() override;

  void wait_for_packets() override {}  // it judges none

  Result<std::optional<Found>> find(const std::string& set, const Bytes& key) override;

  // The next transaction, tried or applied, fails at this step (0-based) as if the kernel had
  // refused it; `code` Errc::kernel or another.
  void fail_next_at(std::size_t step, base::Errc code = base::Errc::kernel);

  // So many transactions are done, and the one after them is refused whole; none: no more.
  void fail_after(std::optional<std::size_t> transactions) {
    refused_ = transactions ? std::optional(transactions_ + *transactions) : std::nullopt;
  }

  // The next transaction is done, and its answer is lost (Errc::protocol).
  void lose_answer() { is_answer_lost_ = true; }

  // read() fails with Errc::conflict from now on: others change the ruleset all the time.
  void fail_reads(bool is_failing) { is_read_failing_ = is_failing; }

  // Somebody else changes the ruleset: the generation moves.
  void change_elsewhere() { ++generation_; }

  // Somebody else removes the table.
  void lose_table();

  // Changes are refused with Errc::denied: another process owns the table.
  void own_elsewhere(bool is_owned) { is_owned_elsewhere_ = is_owned; }

  // What a rule of a chain has counted, by its comment.
  void count(const std::string& chain, const std::string& comment, std::uint64_t packets,
             std::uint64_t bytes);

  [[nodiscard]] const std::optional<FakeTable>& table() const { return table_; }

  // As a value: sets by name, chains in the order they were made. The table must exist.
  [[nodiscard]] Ruleset ruleset() const;

  [[nodiscard]] std::size_t transactions() const { return transactions_; }  // applied

 private:
  Result<std::optional<FakeTable>> result_of(const Transaction& transaction);

  std::optional<FakeTable> table_;
  std::map<std::pair<std::string, std::string>, RuleCount> counts_;
  Generation generation_ = 1;
  std::optional<std::pair<std::size_t, base::Errc>> next_failure_;
  bool is_owned_elsewhere_ = false;
  bool is_answer_lost_ = false;
  bool is_read_failing_ = false;
  std::optional<std::size_t> refused_;  // the transaction of this number
  std::size_t transactions_ = 0;
};

}  // namespace ravelin::firewall
