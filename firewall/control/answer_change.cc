// Commands that change the policy: plan, apply, confirm, rollback, off.
#include "base/text.h"
#include "firewall/control/addition.h"
#include "firewall/control/answers.h"
#include "firewall/control/checks.h"
#include "firewall/control/cut_flows.h"
#include "firewall/control/neighbours.h"
#include "firewall/control/system_facts.h"
#include "firewall/diff/change.h"
#include "firewall/diff/describe.h"
#include "policies/analyse/difference.h"
#include "policies/model/meaning.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

namespace json = boost::json;
using base::Errc;
using std::chrono::seconds;

struct Proposal {
  PolicyBundle bundle;
  policies::Policy policy;
  std::optional<policies::SshPeer> peer;
};

std::optional<policies::SshPeer> read_peer(Question& question) {
  constexpr std::uint64_t kSsh = 22, kPortMax = 65535;
  const auto peer = question.address("peer");
  const auto port = question.number("peer_port");
  const std::string interface = question.text_or("peer_interface", "");
  if (!peer) return std::nullopt;
  return policies::SshPeer{
      *peer, static_cast<std::uint16_t>(std::min(port.value_or(kSsh), kPortMax)), interface};
}

// With what is part of every policy now.
Result<Proposal> propose(const Desk& desk, PolicyBundle bundle,
                         std::optional<policies::SshPeer> peer) {
  Proposal proposal{std::move(bundle), {}, std::move(peer)};
  SystemFacts facts;
  add_to(proposal.bundle, desk.addition, facts);
  auto policy = policy_of(proposal.bundle);
  if (!policy) return policy.error();
  proposal.policy = std::move(*policy);
  return proposal;
}

Result<Proposal> read_proposal(const Desk& desk, Question& question) {
  const std::string text = question.text("bundle");
  auto peer = read_peer(question);
  if (question.error()) return *question.error();
  auto bundle = parse_bundle(text);
  if (!bundle) return bundle.error();
  return propose(desk, std::move(*bundle), std::move(peer));
}

std::vector<Objection> objections_to(const Desk& desk, const Proposal& proposal) {
  return objections(proposal.policy, proposal.peer, {.feeds = {}, .wall = desk.times.wall()});
}

std::string objections_text(const std::vector<Objection>& list) {
  std::string text;
  for (const Objection& objection : list)
    text += to_string(objection) + "\n";
  return text;
}

json::array objections_json(const std::vector<Objection>& list) {
  json::array array;
  for (const Objection& objection : list)
    array.push_back({{"kind", objection.kind == Objection::Kind::test ? "test" : "lockout"},
                     {"file", objection.pos.file},
                     {"line", objection.pos.line},
                     {"message", objection.message}});
  return array;
}

// Lines of text as a block and as a list.
void add_lines(std::string_view title, const std::vector<std::string>& lines, std::string& text) {
  if (lines.empty()) return;
  text += fmt::format("{}\n", title);
  for (const std::string& line : lines)
    text += fmt::format("  {}\n", line);
}

json::array list_json(const std::vector<std::string>& lines) {
  json::array array;
  for (const std::string& line : lines)
    array.emplace_back(line);
  return array;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string> depth_lines(const policies::Policy& policy, const Compiled& compiled) {
  std::vector<std::string> lines;
  for (const PairDepth& depth : compiled.depth) {
    std::string line = fmt::format("{} -> {}: {} lookups for a new connection",
                                   policies::name_of(policy, depth.from),
                                   policies::name_of(policy, depth.to), depth.lookups);
    if (depth.plain_rules != 0) line += fmt::format(", {} rules one by one", depth.plain_rules);
    lines.push_back(std::move(line));
  }
  return lines;
}

struct Plan {
  policies::Difference meaning;
  Transaction steps;
  std::vector<std::string> objects, depth, notes;
};

Plan make_plan(const Desk& desk, const Proposal& proposal) {
  Plan plan;
  const policies::Policy nothing;
  plan.meaning =
      policies::difference_between(desk.keeper.policy().value_or(nothing), proposal.policy);
  const Prepared prepared =
      compile_bundle(proposal.bundle, proposal.policy, {.revision = desk.keeper.live_identity()});
  const Ruleset& wanted = prepared.compiled.ruleset;
  plan.steps = desk.keeper.live() ? change(*desk.keeper.live(), wanted) : create(wanted);
  plan.objects = lines_of(describe(plan.steps, desk.keeper.live().value_or(Ruleset{})));
  plan.depth = depth_lines(proposal.policy, prepared.compiled);
  for (const CompileNote& note : prepared.compiled.notes)
    plan.notes.push_back(base::to_string(base::fail_at(note.pos, "{}", note.message)));
  return plan;
}

// What others' tables mean for the policy, and why that is not known.
std::vector<std::string> neighbours(const Desk& desk, const policies::Policy& policy) {
  if (!desk.around.foreign) return {};
  const auto foreign = desk.around.foreign();
  if (foreign) return neighbour_warnings(policy, *foreign);
  return {fmt::format("not looked at: {}", base::to_string(foreign.error()))};
}

std::string notes_text(Keeper& keeper) {
  std::string text;
  for (const std::string& note : keeper.take_notes())
    text += fmt::format("note: {}\n", note);
  return text;
}

json::value number_or_null(std::uint64_t number) {
  return number == 0 ? json::value() : json::value(number);
}

// How a policy is to be put there.
struct Terms {
  std::optional<seconds> within;
  bool may_lock_out = false;
  FlowUse flows = FlowUse::end;
  std::string by;
  std::optional<std::uint64_t> back_to;  // the revision it is the policy of
};

Terms read_terms(Question& question) {
  return {.within = question.duration("confirm_within"),
          .may_lock_out = question.flag("allow_lockout"),
          .flows = question.flag("keep_established") ? FlowUse::keep : FlowUse::end,
          .by = question.text("by"),
          .back_to = {}};
}

// None: nothing speaks against it.
std::optional<Answer> refusal_of(const Desk& desk, const Proposal& proposal, const Terms& terms) {
  std::vector<Objection> found = objections_to(desk, proposal);
  if (terms.may_lock_out)
    std::erase_if(found, [](const Objection& one) { return one.kind == Objection::Kind::lockout; });
  if (found.empty()) return std::nullopt;
  const bool is_lockout = std::ranges::any_of(
      found, [](const Objection& one) { return one.kind == Objection::Kind::lockout; });
  json::object object{{"objections", objections_json(found)}};
  return Answer{Went::refused,
                objections_text(found) + "nothing is changed" +
                    (is_lockout ? "; --allow-lockout applies it all the same" : ""),
                json::serialize(object)};
}

std::string applied_text(const Keeper::Applied& applied, const Terms& terms) {
  std::string text = fmt::format("revision {} is applied", applied.revision);
  if (terms.back_to) text += fmt::format(": the policy of revision {}", *terms.back_to);
  if (!applied.is_pending) return text;
  return text + fmt::format("; without `ravelin firewall confirm {}` within {} it is undone ({})",
                            applied.revision, base::format_duration(*terms.within),
                            applied.previous == 0
                                ? std::string("the table is removed")
                                : fmt::format("back to revision {}", applied.previous));
}

Answer put_there(const Desk& desk, Proposal proposal, const Terms& terms) {
  if (auto refusal = refusal_of(desk, proposal, terms)) return std::move(*refusal);
  const std::uint64_t before = desk.keeper.live_revision();
  const auto applied =
      terms.back_to ? desk.keeper.go_back(
                          std::move(proposal.bundle),
                          {terms.within, terms.by, fmt::format("rollback to {}", *terms.back_to)})
                    : desk.keeper.apply(std::move(proposal.bundle), {terms.within, terms.by});
  if (!applied)
    return answer_of(desk.keeper.live_revision() == before
                         ? base::wrap(applied.error(), "nothing is changed")
                         : applied.error());
  const CutFlows flows =
      cut_flows(desk.around, proposal.policy, proposal.peer, desk.times.wall(), terms.flows);
  const std::string text = applied_text(*applied, terms) + "\n" + notes_text(desk.keeper) +
                           cut_flows_text(flows, terms.flows);
  json::object object{{"revision", applied->revision},
                      {"previous", number_or_null(applied->previous)},
                      {"pending", applied->is_pending},
                      {"flows", cut_flows_json(flows)}};
  if (terms.back_to) object["management_only"] = false;
  return {Went::done, text, json::serialize(object)};
}

}  // namespace

Answer answer_plan(Desk desk, Question& question) {
  const auto proposal = read_proposal(desk, question);
  if (!proposal) return answer_of(proposal.error());
  const Plan plan = make_plan(desk, *proposal);
  const std::vector<Objection> found = objections_to(desk, *proposal);
  if (const auto tried = desk.kernel.try_out(plan.steps); !tried)
    return answer_of(base::wrap(tried.error(), "the kernel would refuse it"));
  std::string text;
  add_lines("What is allowed changes:", plan.meaning.lines, text);
  if (plan.meaning.lines_left_out != 0)
    text += fmt::format("  and {} more\n", plan.meaning.lines_left_out);
  add_lines("Besides:", plan.meaning.notes, text);
  if (plan.meaning.is_empty()) text += "What is allowed stays as it is.\n";
  add_lines("In the kernel:", plan.objects, text);
  add_lines("Cost:", plan.depth, text);
  add_lines("Note:", plan.notes, text);
  const std::vector<std::string> beside = neighbours(desk, proposal->policy);
  add_lines("Other tables:", beside, text);
  const CutFlows flows = cut_flows(desk.around, proposal->policy, proposal->peer, desk.times.wall(),
                                   FlowUse::only_look);
  text += cut_flows_text(flows, FlowUse::only_look);
  if (!found.empty()) text += "It would be refused:\n" + objections_text(found);
  json::object object{{"allowed", list_json(plan.meaning.lines)},
                      {"notes", list_json(plan.meaning.notes)},
                      {"objects", list_json(plan.objects)},
                      {"depth", list_json(plan.depth)},
                      {"costs", list_json(plan.notes)},
                      {"other_tables", list_json(beside)},
                      {"flows", cut_flows_json(flows)},
                      {"objections", objections_json(found)},
                      {"live", desk.keeper.live_identity()},
                      {"is_changed", !plan.steps.empty() || !plan.meaning.is_empty()}};
  return {found.empty() ? Went::done : Went::no, std::move(text), json::serialize(object)};
}

Answer answer_apply(Desk desk, Question& question) {
  const Terms terms = read_terms(question);
  const std::string live = desk.keeper.live_identity();
  const std::string planned_for = question.text_or("planned_for", live);
  auto proposal = read_proposal(desk, question);
  if (!proposal) return answer_of(proposal.error());
  if (planned_for != live)
    return answer_of(base::fail(
        Errc::conflict,
        "the plan was made for a table that held \"{}\", and now it holds \"{}\"; plan again",
        planned_for, live));
  return put_there(desk, std::move(*proposal), terms);
}

Answer answer_confirm(Desk desk, Question& question) {
  const auto revision = question.number("revision");
  const auto age = question.duration("session_age");
  const bool is_forced = question.flag("force");
  if (question.error()) return answer_of(*question.error());
  const auto pending = desk.keeper.pending();
  if (!pending) return answer_of(base::fail(Errc::conflict, "nothing waits to be confirmed"));
  if (!revision || *revision != pending->revision)
    return answer_of(base::fail(Errc::conflict, "revision {} waits to be confirmed, not {}",
                                pending->revision, revision.value_or(0)));
  const auto applied_ago = desk.times.boot().since_boot - pending->applied;
  if (age && *age > applied_ago && !is_forced)
    return {
        Went::refused,
        "your session is older than the change: that it still works proves nothing, since known "
        "connections pass any policy. Confirm from a new session, or with --force",
        "{}"};
  if (const auto done = desk.keeper.confirm(*revision); !done) return answer_of(done.error());
  return {Went::done,
          fmt::format("revision {} is confirmed\n", *revision) + notes_text(desk.keeper),
          json::serialize(json::object{{"revision", *revision}})};
}

Answer answer_rollback(Desk desk, Question& question) {
  Terms terms = read_terms(question);
  terms.back_to = question.number("revision");
  auto peer = read_peer(question);
  if (question.error()) return answer_of(*question.error());
  if (terms.back_to) {
    auto bundle = desk.keeper.bundle_of(*terms.back_to);
    if (!bundle) return answer_of(bundle.error());
    // What was part of every policy then may not be, now.
    auto proposal = propose(desk, desk.addition ? own_part(std::move(*bundle)) : std::move(*bundle),
                            std::move(peer));
    return proposal ? put_there(desk, std::move(*proposal), terms) : answer_of(proposal.error());
  }
  const auto done = desk.keeper.rollback({}, terms.by);
  if (!done) return answer_of(done.error());
  const bool is_fallback = desk.keeper.is_fallback();
  CutFlows flows;
  if (desk.keeper.policy())
    flows = cut_flows(desk.around, *desk.keeper.policy(), peer, desk.times.wall(), terms.flows);
  std::string text = is_fallback           ? "nobody but management gets in\n"
                     : done->revision == 0 ? "the table is removed: there was none before\n"
                                           : fmt::format("back to revision {}\n", done->revision);
  text += notes_text(desk.keeper) + cut_flows_text(flows, terms.flows);
  return {is_fallback ? Went::could_not : Went::done, std::move(text),
          json::serialize(json::object{{"revision", number_or_null(done->revision)},
                                       {"management_only", is_fallback},
                                       {"flows", cut_flows_json(flows)}})};
}

Answer answer_off(Desk desk, Question& /*question*/) {
  if (const auto done = desk.keeper.remove(); !done) return answer_of(done.error());
  return {Went::done, "the table is removed: nothing filters any more\n", "{}"};
}

}  // namespace ravelin::firewall
