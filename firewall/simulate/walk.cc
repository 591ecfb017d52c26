#include "firewall/simulate/walk.h"

#include "base/check.h"
#include "firewall/simulate/lookup.h"

#include <algorithm>
#include <bit>

namespace ravelin::firewall::simulate {
namespace {

constexpr std::size_t kJumpsMax = 16;  // NFT_JUMP_STACK_SIZE; the kernel refuses deeper ones

bool equals(const Match& match, const Bytes& value) {
  const bool is_name = match.field == Field::iifname || match.field == Field::oifname;
  const std::size_t bits = match.prefix == 0 ? value.size() * 8
                           : is_name         ? std::size_t{match.prefix} * 8
                                             : match.prefix;
  for (std::size_t bit = 0; bit < bits; ++bit) {
    if (((value[bit / 8] ^ match.value[bit / 8]) & (0x80U >> bit % 8)) != 0) return false;
  }
  return true;
}

bool has_common_bit(const Bytes& a, const Bytes& b) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if ((a[i] & b[i]) != 0) return true;
  }
  return false;
}

}  // namespace

End Walk::run(const Chain& base) {
  CHECK(base.hook.has_value());
  std::vector<Frame> stack = {{&base}};
  while (!stack.empty()) {
    Frame& frame = stack.back();
    if (frame.rule == frame.chain->rules.size()) {
      stack.pop_back();
      continue;
    }
    const Flow flow = run_rule(frame);
    ++frame.rule;
    if (flow == Flow::next_rule || flow == Flow::next_statement) continue;
    const Rule& rule = frame.chain->rules[frame.rule - 1];
    outcome_.steps.push_back({frame.chain->name, rule.comment, said_});
    if (flow == Flow::end) return end_;
    if (flow != Flow::jump) stack.pop_back();
    if (flow == Flow::come_back) continue;
    const Chain* target = ruleset_.find_chain(target_);
    CHECK(target != nullptr && stack.size() <= kJumpsMax);
    stack.push_back({target});
  }
  const bool is_drop = base.hook->policy == Hook::Policy::drop;
  outcome_.steps.push_back({base.name, "", is_drop ? "policy drop" : "policy accept"});
  return is_drop ? End::drop : End::accept;
}

Walk::Flow Walk::run_rule(const Frame& frame) {
  const Rule& rule = frame.chain->rules[frame.rule];
  for (std::size_t at = 0; at < rule.statements.size(); ++at) {
    place_ = {frame.chain->name, frame.rule, at};
    const Flow flow =
        std::visit([this](const auto& statement) { return step(statement); }, rule.statements[at]);
    if (flow != Flow::next_statement) return flow;
  }
  return Flow::next_rule;
}

Walk::Flow Walk::finish(End end, std::string verdict) {
  end_ = end;
  said_ = std::move(verdict);
  return Flow::end;
}

const Set& Walk::set(const std::string& name) const {
  const Set* found = ruleset_.find_set(name);
  CHECK(found != nullptr);
  return *found;
}

Walk::Flow Walk::step(const Match& match) {
  const std::optional<Bytes> value = load(match.field, passage_, state_);
  if (!value) return Flow::next_rule;
  switch (match.comparison) {
    case Comparison::equal:
      return go_on(equals(match, *value));
    case Comparison::not_equal:
      return go_on(!equals(match, *value));
    case Comparison::has_any:
      return go_on(has_common_bit(match.value, *value));
    case Comparison::has_none:
      return go_on(!has_common_bit(match.value, *value));
  }
  return Flow::next_rule;
}

Walk::Flow Walk::step(const MatchRange& range) {
  const std::optional<Bytes> value = load(range.field, passage_, state_);
  if (!value) return Flow::next_rule;
  const Bytes number = big_endian(range.field, *value);
  const bool is_inside = big_endian(range.field, range.first) <= number &&
                         number <= big_endian(range.field, range.last);
  return go_on(is_inside != range.is_negated);
}

Walk::Flow Walk::step(const Lookup& lookup) {
  const std::optional<Bytes> key = load(lookup.key, passage_, state_);
  if (!key) return Flow::next_rule;
  const bool is_in = find(set(lookup.set), *key, state_, passage_.packet.at).has_value();
  return go_on(is_in != lookup.is_negated);
}

Walk::Flow Walk::step(const VerdictLookup& lookup) {
  const std::optional<Bytes> key = load(lookup.key, passage_, state_);
  if (!key) return Flow::next_rule;
  const std::optional<Found> found = find(set(lookup.map), *key, state_, passage_.packet.at);
  if (!found) return Flow::next_rule;
  CHECK(found->element != nullptr && found->element->verdict);
  return step(*found->element->verdict);
}

Walk::Flow Walk::step(const Limit& limit) {
  return go_on(state_.limits[place_].passes(limit, passage_.packet.bytes, passage_.packet.at));
}

// A connection counts from its first packet; one that is not let in is forgotten again.
bool Walk::count(const ConnectionLimit& limit, std::set<Connection>& connections) const {
  connections.insert(passage_.connection);
  return (connections.size() > limit.count) == limit.over;
}

Walk::Flow Walk::step(const ConnectionLimit& limit) {
  return go_on(count(limit, state_.counted[place_]));
}

Walk::Flow Walk::step(const Update& update) {
  const std::optional<Bytes> key = load(update.key, passage_, state_);
  if (!key) return Flow::next_rule;
  const Set& into = set(update.set);
  if (update.operation == Update::Operation::remove) {
    state_.live[into.name].erase(*key);
    return Flow::next_statement;
  }
  const bool was_there = find(into, *key, state_, passage_.packet.at).has_value();
  LiveElement* element = touch(into, *key, update, state_, passage_.packet.at);
  if (element == nullptr) return Flow::next_rule;
  if (!was_there) outcome_.added.push_back({into.name, *key});
  if (!update.expression) return Flow::next_statement;
  if (const auto* limit = std::get_if<Limit>(&*update.expression))
    return go_on(element->bucket.passes(*limit, passage_.packet.bytes, passage_.packet.at));
  if (const auto* limit = std::get_if<ConnectionLimit>(&*update.expression))
    return go_on(count(*limit, element->connections));
  return Flow::next_statement;
}

Walk::Flow Walk::step(const Sample& sample) {
  CHECK(sample.of != 0);
  return go_on(state_.random % sample.of == 0);
}

Walk::Flow Walk::step(const Reject& /*reject*/) {
  return finish(End::reject, "reject");
}

Walk::Flow Walk::step(const Verdict& verdict) {
  target_ = verdict.chain;
  switch (verdict.kind) {
    case Verdict::Kind::accept:
      return finish(End::accept, "accept");
    case Verdict::Kind::drop:
      return finish(End::drop, "drop");
    case Verdict::Kind::jump:
      said_ = "jump " + target_;
      return Flow::jump;
    case Verdict::Kind::go_to:
      said_ = "goto " + target_;
      return Flow::go_to;
    case Verdict::Kind::come_back:
      said_ = "return";
      return Flow::come_back;
  }
  return Flow::next_rule;
}

Walk::Flow Walk::step(const Nat& nat) {
  nat_ = NatWish{false, false, nat, std::nullopt};
  return finish(End::accept, nat.kind == Nat::Kind::dnat ? "dnat" : "snat");
}

Walk::Flow Walk::step(const Masquerade& /*masquerade*/) {
  nat_ = NatWish{false, true, std::nullopt, std::nullopt};
  return finish(End::accept, "masquerade");
}

Walk::Flow Walk::step(const Redirect& redirect) {
  nat_ = NatWish{true, false, std::nullopt, redirect.port};
  return finish(End::accept, "redirect");
}

Walk::Flow Walk::step(const NoTrack& /*no_track*/) {
  if (!passage_.is_tracked) passage_.is_untracked = true;
  return Flow::next_statement;
}

// TCP ends here: what goes on in its place is a packet of the kernel's own.
Walk::Flow Walk::step(const Synproxy& /*proxy*/) {
  if (passage_.packet.protocol != policies::kTcp) return Flow::next_rule;
  return finish(End::drop, "synproxy");
}

}  // namespace ravelin::firewall::simulate
