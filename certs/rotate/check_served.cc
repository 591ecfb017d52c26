#include "certs/rotate/check_served.h"

#include "base/text.h"
#include "certs/key_file.h"
#include "certs/rotate/check_generation.h"

#include <algorithm>

namespace ravelin::certs {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::seconds;

// A message that begins with a code, apart.
CheckLine line_of(CheckLevel level, const std::string& message, std::string_view code_else) {
  const std::size_t end = message.find(": ");
  if (!message.starts_with("E_") || end == std::string::npos)
    return {level, std::string(code_else), message};
  return {level, message.substr(0, end), message.substr(end + 2)};
}

std::string left_text(seconds left) {
  const auto whole = floor<days>(left);
  return whole >= days(3) ? fmt::format("{}d", whole.count())
                          : fmt::format("{}h", floor<hours>(left).count());
}

void check_end(const GenerationInfo& info, const ServedRules& rules, ServedCheck& out) {
  const sys_seconds now = floor<seconds>(rules.now);
  out.worry = judge_expiry(info.not_before(), info.not_after(), rules.thresholds, now);
  // That it has ended is said by the checks.
  if (info.not_after() <= now) return;
  std::string text = fmt::format("ends in {}, on {}", left_text(info.not_after() - now),
                                 format_time(info.not_after()));
  if (out.worry == Worry::none) {
    out.lines.push_back({CheckLevel::ok, "", std::move(text)});
    return;
  }
  text += out.want.issuers.empty() ? ": nobody renews it: import or issue another"
                                   : ": its renewal is late: see ravelin certs show";
  out.lines.push_back({out.worry == Worry::critical ? CheckLevel::failed : CheckLevel::warning,
                       "E_EXPIRES_SOON", std::move(text)});
}

void check_key_files(const StoreDir& store, const ServedCheck& check, std::uint64_t number,
                     std::vector<CheckLine>& lines) {
  for (const PairSlot slot : kPairSlots) {
    if (!check.served->texts(slot)) continue;
    const std::string path = store.paths().keys(check.name, number) + "/" + key_file(slot);
    const auto file = KeyFile::open(path);
    if (!file) {
      lines.push_back({CheckLevel::failed, "E_FILE_UNREADABLE", file.error().message});
      continue;
    }
    const auto findings = file->check({.groups = {}});
    for (const PairFinding& finding : findings)
      lines.push_back(
          {finding.severity == base::Severity::error ? CheckLevel::failed : CheckLevel::warning,
           std::string(code_text(finding.code)), finding.message});
    if (findings.empty())
      lines.push_back({CheckLevel::ok, "", fmt::format("{} is its owner's alone", key_file(slot))});
  }
}

std::string chain_text(const std::string& name, const Chain& chain) {
  std::string text = name;
  std::string above = chain.info.issuer;
  for (int i = 0; i < sk_X509_num(chain.intermediates.get()); ++i) {
    const CertificateInfo info = describe(sk_X509_value(chain.intermediates.get(), i));
    text += " -> " + info.subject;
    above = info.issuer;
  }
  return text + " -> " + above;
}

// What there is to say where nothing is wrong.
void say_what_is_well(ServedCheck& check) {
  constexpr std::size_t kShown = 8;
  for (const PairSlot slot : kPairSlots) {
    const auto& texts = check.served->texts(slot);
    const auto& facts = check.served->info.facts(slot);
    if (!texts || !facts) continue;
    check.lines.push_back({CheckLevel::ok, "",
                           fmt::format("{} key matches its certificate (SPKI {}…)", facts->key,
                                       facts->spki_sha256.substr(0, kShown))});
    if (const auto chain = parse_chain(texts->chain, chain_file(slot)); chain)
      check.lines.push_back({CheckLevel::ok, "", "chain: " + chain_text(check.name, *chain)});
  }
  check.lines.push_back({CheckLevel::ok, "",
                         fmt::format("names: wanted {}, certificate {}, missing 0",
                                     check.want.names.size(), check.served->info.names.size())});
  if (check.want.profile != "client")
    check.lines.push_back({CheckLevel::ok, "", "handshakes in memory: TLS 1.2 and 1.3"});
}

void check_contents(const ServedRules& rules, ServedCheck& check) {
  const PairUse use = check.want.profile == "client" ? PairUse::client : PairUse::server;
  const auto checked =
      check_generation(*check.served, {check.want.names, rules.revoked, use, rules.now});
  if (!checked) {
    check.lines.push_back(line_of(CheckLevel::failed, checked.error().message, "E_CERT_PARSE"));
    return;
  }
  say_what_is_well(check);
  for (const PairFinding& finding : *checked)
    check.lines.push_back(
        {CheckLevel::warning, std::string(code_text(finding.code)), finding.message});
}

}  // namespace

bool ServedCheck::has_failed() const {
  return std::ranges::any_of(
      lines, [](const CheckLine& line) { return line.level == CheckLevel::failed; });
}

std::size_t ServedCheck::warnings() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      lines, [](const CheckLine& line) { return line.level == CheckLevel::warning; }));
}

ServedCheck check_served(const StoreDir& store, const std::string& name, Want want,
                         const ServedRules& rules) {
  ServedCheck check{.name = name, .want = std::move(want), .lines = {}};
  const auto fail_with = [&](const base::Error& error) {
    const char* code = error.code == base::Errc::denied ? "E_KEY_PERMS" : "E_FILE_UNREADABLE";
    check.lines.push_back({CheckLevel::failed, code, error.message});
    return check;
  };
  const auto state = store.state(name);
  if (!state && state.error().code != base::Errc::not_found) return fail_with(state.error());
  if (!state || state->current == 0) {
    check.lines.push_back({CheckLevel::failed, "E_NOTHING_SERVED", "nothing is served yet"});
    return check;
  }
  auto generation = store.generation(name, state->current);
  if (!generation) return fail_with(generation.error());
  check.served = std::move(*generation);
  check_contents(rules, check);
  if (has_revoked_serial(check.served->info, rules.taken_back))
    check.lines.push_back({CheckLevel::failed, "E_CERT_REVOKED",
                           fmt::format("generation {} was revoked and is served: ravelin certs "
                                       "rotate {}",
                                       state->current, name)});
  check_key_files(store, check, state->current, check.lines);
  check_end(check.served->info, rules, check);
  return check;
}

}  // namespace ravelin::certs
