// One packet through one base chain and the chains it leads to: statement by statement, as the
// kernel's nft_do_chain does. Pure but for the state it is given; any thread.
#pragma once

#include "firewall/simulate/load.h"
#include "firewall/simulate/run.h"

namespace ravelin::firewall::simulate {

enum class End { accept, drop, reject };

// What a nat statement asks for.
struct NatWish {
  bool is_redirect = false;
  bool is_masquerade = false;
  std::optional<Nat> nat;
  std::optional<std::uint16_t> redirect_port;
};

class Walk {
 public:
  // All of them outlive the walk.
  Walk(const Ruleset& ruleset, Passage& passage, TableState& state, Outcome& outcome)
      : ruleset_(ruleset), passage_(passage), state_(state), outcome_(outcome) {}

  End run(const Chain& base);

  [[nodiscard]] const std::optional<NatWish>& nat() const { return nat_; }

 private:
  enum class Flow { next_statement, next_rule, end, jump, go_to, come_back };

  struct Frame {
    const Chain* chain;
    std::size_t rule = 0;
  };

  Flow run_rule(const Frame& frame);

  Flow step(const Match& match);
  Flow step(const MatchRange& range);
  Flow step(const Lookup& lookup);
  Flow step(const VerdictLookup& lookup);
  Flow step(const Limit& limit);
  Flow step(const ConnectionLimit& limit);
  Flow step(const Update& update);
  Flow step(const Sample& sample);
  Flow step(const Reject& reject);
  Flow step(const Verdict& verdict);
  Flow step(const Nat& nat);
  Flow step(const Masquerade& masquerade);
  Flow step(const Redirect& redirect);
  Flow step(const NoTrack& no_track);
  Flow step(const Synproxy& proxy);

  Flow step(const Counter& /*counter*/) { return Flow::next_statement; }

  Flow step(const Log& /*log*/) { return Flow::next_statement; }

  Flow step(const Trace& /*trace*/) { return Flow::next_statement; }

  Flow go_on(bool does) { return does ? Flow::next_statement : Flow::next_rule; }

  Flow finish(End end, std::string verdict);
  [[nodiscard]] const Set& set(const std::string& name) const;
  bool count(const ConnectionLimit& limit, std::set<Connection>& connections) const;

  const Ruleset& ruleset_;
  Passage& passage_;
  TableState& state_;
  Outcome& outcome_;
  RulePlace place_;
  std::string said_;    // the verdict of the rule, for the steps
  std::string target_;  // of a jump or goto
  End end_ = End::accept;
  std::optional<NatWish> nat_;
};

}  // namespace ravelin::firewall::simulate
