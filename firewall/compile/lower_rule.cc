// What one rule does, as a chain of its own: conditions first, then log, bans and meters, then
// counter and verdict.
#include "firewall/compile/kernel_days.h"
#include "firewall/compile/lowering.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

using base::Family;
using policies::Verb;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kMeterSize = 65'535;  // sources told apart by one limit
constexpr Family kFamilies[] = {Family::ipv4, Family::ipv6};

std::string_view digit(Family family) {
  return family == Family::ipv4 ? "4" : "6";
}

// "edge.yaml:30:7" has to do as a name when the rule has none.
std::string wish_for(const policies::Rule& rule) {
  return rule.id.empty() ? fmt::format("{}_{}", rule.pos.line, rule.pos.column) : rule.id;
}

void append(Chain& chain, const base::SourcePos& pos, std::vector<Statement> statements,
            std::string_view what = {}) {
  chain.rules.push_back({std::move(statements), provenance(pos, what), pos});
}

// A dynamic set for one limit; long enough after its last packet a source's bucket is full again.
std::string add_meter(Lowering& lowering, std::string_view wish, Family family,
                      std::optional<milliseconds> timeout) {
  Set set{.name = lowering.name(fmt::format("{}_{}", wish, digit(family))),
          .key = {source_key(family).front().field}};
  set.is_dynamic = true;
  set.size = kMeterSize;
  set.has_timeout = timeout.has_value();
  set.timeout = timeout;
  std::string name = set.name;
  lowering.add_set(std::move(set));
  return name;
}

milliseconds refill_time(const policies::Rate& rate) {
  constexpr milliseconds kLeast = std::chrono::minutes(1);
  const std::uint64_t tokens = rate.count == 0 ? 1 : rate.count;
  const auto full =
      milliseconds(std::uint64_t{rate.burst} *
                   static_cast<std::uint64_t>(milliseconds(rate.per).count()) / tokens);
  return std::max(kLeast, full + milliseconds(rate.per));
}

// Puts the source of the packet into the sets that block its new connections, unless it must not
// be.
std::string add_ban_chain(Lowering& lowering, std::string_view wish, const base::SourcePos& pos,
                          seconds duration) {
  Chain chain{.name = lowering.name(fmt::format("ban_{}", wish))};
  for (const Family family : kFamilies) {
    const std::string set(never_set(family));
    if (lowering.out.ruleset.find_set(set) == nullptr) continue;
    append(chain, pos, {Lookup{saddr_key(family), set}, come_back()}, "never banned");
  }
  for (const Family family : kFamilies) {
    const std::string set(family == Family::ipv4 ? set_names::kPacketBan4 : set_names::kPacketBan6);
    append(chain, pos,
           {Update{Update::Operation::update, source_key(family), set, milliseconds(duration), {}}},
           "ban");
  }
  std::string name = chain.name;
  lowering.add_chain(std::move(chain));
  return name;
}

// In front of a rule's chain: only what the owner sends goes there. A packet without a socket has
// no owner, and a rule that asks for one ends there: so it must be the one that leads on.
Verdict add_owner_gate(Lowering& lowering, const policies::Rule& rule, std::string_view wish,
                       const std::string& chain) {
  Chain gate{.name = lowering.name(fmt::format("o_{}", wish))};
  std::vector<Statement> statements;
  if (rule.owner->uid)
    statements.emplace_back(Match{Field::skuid, Comparison::equal, host_order(*rule.owner->uid)});
  if (!rule.owner->cgroup.empty()) {
    const auto found = lowering.options.cgroups.find(rule.owner->cgroup);
    Bytes id(8, 0xff);  // of no cgroup
    if (found != lowering.options.cgroups.end())
      std::copy_n(reinterpret_cast<const std::uint8_t*>(&found->second), 8, id.begin());
    const auto level = static_cast<std::uint8_t>(
        1 + std::count(rule.owner->cgroup.begin(), rule.owner->cgroup.end(), '/'));
    statements.emplace_back(
        Match{Field::socket_cgroup, Comparison::equal, std::move(id), 0, level});
  }
  statements.emplace_back(go_to(chain));
  append(gate, rule.pos, std::move(statements));
  Verdict action = jump_to(gate.name);
  lowering.add_chain(std::move(gate));
  return action;
}

std::uint32_t in_seconds(seconds of) {
  return static_cast<std::uint32_t>(of.count());
}

// Not on this day of UTC.
void append_day(const policies::Rule& rule, std::uint8_t day, std::chrono::minutes kernel_west,
                Chain& chain) {
  for (const PartOfDay& part : kernel_day(day, kernel_west)) {
    std::vector<Statement> statements{Match{Field::day, Comparison::equal, {part.day}}};
    if (part.to - part.from < std::chrono::hours(24))
      statements.emplace_back(MatchRange{Field::hour, false, host_order(in_seconds(part.from)),
                                         host_order(in_seconds(part.to) - 1)});
    statements.emplace_back(come_back());
    append(chain, rule.pos, std::move(statements));
  }
}

void append_times(const Lowering& lowering, const policies::Rule& rule, Chain& chain) {
  if (!rule.when) return;
  for (std::uint8_t day = 0; day < 7; ++day) {
    if ((rule.when->days >> day & 1) == 0)
      append_day(rule, day, lowering.options.kernel_west, chain);
  }
  const std::uint32_t from = in_seconds(rule.when->from), to = in_seconds(rule.when->to);
  if (from == 0 && to == in_seconds(std::chrono::hours(24))) return;
  // Outside of from..to; over midnight, inside of to..from.
  const bool is_over_midnight = to < from;
  append(chain, rule.pos,
         {MatchRange{Field::hour, !is_over_midnight, host_order(is_over_midnight ? to : from),
                     host_order((is_over_midnight ? from : to) - 1)},
          come_back()});
}

void append_ban(Lowering& lowering, const policies::Rule& rule, std::string_view wish,
                Chain& chain) {
  if (!rule.ban) return;
  const std::string banning = add_ban_chain(lowering, wish, rule.pos, rule.ban->duration);
  if (!rule.ban->after) {
    append(chain, rule.pos, {jump_to(banning)});
    return;
  }
  for (const Family family : kFamilies) {
    const std::string set =
        add_meter(lowering, fmt::format("after_{}", wish), family, refill_time(*rule.ban->after));
    append(chain, rule.pos,
           {Update{Update::Operation::update,
                   source_key(family),
                   set,
                   {},
                   limit_of(*rule.ban->after, true)},
            jump_to(banning)});
  }
}

void append_log(const policies::Rule& rule, Chain& chain) {
  if (!rule.log && rule.verb != Verb::log) return;
  const policies::LogRule log = rule.log.value_or(policies::LogRule{});
  std::vector<Statement> statements;
  if (log.sample > 1) statements.emplace_back(Sample{log.sample});
  if (log.rate) statements.emplace_back(limit_of(*log.rate, false));
  constexpr std::string_view kEnd = ": ";
  statements.emplace_back(
      Log{.prefix = provenance(rule.pos, log.prefix, kProvenanceMax - kEnd.size()).append(kEnd)});
  append(chain, rule.pos, std::move(statements), "log");
}

void append_verdict(const policies::Rule& rule, Chain& chain) {
  std::vector<Statement> statements{Counter{}};
  switch (rule.verb) {
    case Verb::allow:
      statements.emplace_back(accept());
      break;
    case Verb::deny:
      statements.emplace_back(drop());
      break;
    case Verb::reject:
      statements.emplace_back(Reject{});
      break;
    case Verb::log:
    case Verb::count:
      break;
  }
  append(chain, rule.pos, std::move(statements), rule.id);
}

}  // namespace

Limit limit_of(const policies::Rate& rate, bool over) {
  return Limit{.count = rate.count,
               .per = rate.per,
               .burst = rate.burst,
               .of_bytes = rate.of == policies::Rate::Of::bytes,
               .over = over};
}

void lower_per_source(Lowering& lowering, const policies::PerSource& limits,
                      const base::SourcePos& pos, std::string_view wish, Chain& chain) {
  if (!limits.new_connections && !limits.connections) return;
  Chain over{.name = lowering.name(fmt::format("over_{}", wish))};
  if (limits.ban_for)
    append(over, pos, {jump_to(add_ban_chain(lowering, wish, pos, *limits.ban_for))});
  append(over, pos, {Counter{}, drop()}, "over the limit of a source");
  const Verdict exceed = go_to(over.name);
  lowering.add_chain(std::move(over));
  for (const Family family : kFamilies) {
    if (limits.new_connections) {
      const std::string set = add_meter(lowering, fmt::format("new_{}", wish), family,
                                        refill_time(*limits.new_connections));
      append(chain, pos,
             {Update{Update::Operation::update,
                     source_key(family),
                     set,
                     {},
                     limit_of(*limits.new_connections, true)},
              exceed});
    }
    if (limits.connections) {
      const std::string set = add_meter(lowering, fmt::format("conn_{}", wish), family, {});
      append(chain, pos,
             {Update{Update::Operation::add,
                     source_key(family),
                     set,
                     {},
                     ConnectionLimit{*limits.connections, true}},
              exceed});
    }
  }
}

Verdict lower_rule(Lowering& lowering, const policies::Rule& rule) {
  if (const auto known = lowering.actions.find(&rule); known != lowering.actions.end())
    return known->second;
  const std::string wish = wish_for(rule);
  Chain chain{.name = lowering.name(fmt::format("r_{}", wish))};
  append_times(lowering, rule, chain);
  if (rule.limit) append(chain, rule.pos, {limit_of(*rule.limit, true), come_back()});
  append_log(rule, chain);
  append_ban(lowering, rule, wish, chain);
  lower_per_source(lowering, rule.per_source, rule.pos, wish, chain);
  append_verdict(rule, chain);
  const std::string name = chain.name;
  lowering.add_chain(std::move(chain));
  Verdict action = rule.owner ? add_owner_gate(lowering, rule, wish, name) : jump_to(name);
  lowering.actions.emplace(&rule, action);
  return action;
}

}  // namespace ravelin::firewall
