#include "cli/certs/rehearse.h"

#include "base/text.h"
#include "certs/ca/own_ca.h"
#include "certs/ca/sign_leaf.h"
#include "certs/dns/tsig.h"
#include "certs/issuer/private_key.h"
#include "certs/names.h"
#include "cli/admin_client.h"
#include "cli/report.h"

#include <boost/json.hpp>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

namespace ravelin::cli {
namespace {

namespace json = boost::json;
using certs::CheckLevel;
using certs::CheckLine;
using Lines = RehearsalLines;

void add(Lines& lines, CheckLevel level, std::string_view code, std::string text) {
  lines.push_back({level, std::string(code), std::move(text)});
}

void check_want(const certs::Want& want, Lines& lines) {
  const std::size_t before = lines.size();
  for (const std::string& name : want.names)
    if (auto checked = certs::check_name(name); !checked)
      add(lines, CheckLevel::failed, "E_NAME", checked.error().message);
  for (const std::string& key : want.keys)
    if (auto kind = certs::parse_key_kind(key); !kind)
      add(lines, CheckLevel::failed, "E_KEY_KIND", kind.error().message);
  if (want.issuers.empty())
    add(lines, CheckLevel::failed, "E_NO_ISSUER", "no issuer: name one with --issuer");
  if (lines.size() == before)
    add(lines, CheckLevel::ok, "",
        fmt::format("{} names, keys {}", want.names.size(), base::join(want.keys, " ")));
}

void check_own_ca(const std::string& store, const std::string& issuer, const certs::Want& want,
                  Lines& lines) {
  const auto ca = certs::OwnCa::open(store + "/ca");
  if (!ca) return add(lines, CheckLevel::failed, "E_ISSUER", issuer + ": " + ca.error().message);
  const auto permitted =
      certs::check_leaf_names(want.names, want.names, ca->permitted(), ca->settings().name);
  if (!permitted)
    return add(lines, CheckLevel::failed, "E_NAME_CONSTRAINTS",
               issuer + ": " + permitted.error().message);
  add(lines, CheckLevel::ok, "", issuer + ": the own CA may sign all of them");
}

// A CA proves a wildcard by DNS alone (RFC 8555 section 8.4).
void check_acme(const certs::IssuerConfig& issuer, const certs::Want& want, Lines& lines) {
  const bool has_wildcard = std::ranges::any_of(
      want.names, [](const std::string& name) { return name.starts_with("*."); });
  const bool has_dns =
      issuer.can_change_dns() &&
      std::ranges::find(issuer.challenges, certs::ChallengeType::dns_01) != issuer.challenges.end();
  if (has_wildcard && !has_dns)
    return add(
        lines, CheckLevel::failed, "E_CHALLENGE",
        issuer.name + ": a wildcard is proved by dns-01 alone, which needs dns_hook or dns_update");
  add(lines, CheckLevel::ok, "", issuer.name + ": would be ordered at " + issuer.directory);
}

void check_key_file(const certs::IssuerConfig& issuer, Lines& lines) {
  if (!issuer.dns_update) return;
  if (const auto key = certs::dns::read_tsig_key(issuer.dns_update->key_file); !key)
    add(lines, CheckLevel::failed, "E_DNS_KEY", issuer.name + ": " + key.error().message);
}

void check_issuers(CertsDesk& desk, const CertsFlags& flags, const RehearsalPlan& plan,
                   Lines& lines) {
  const certs::Want& want = plan.want;
  for (const std::string& name : want.issuers) {
    const auto& all = desk.config().issuers;
    const auto found = std::ranges::find(all, name, &certs::IssuerConfig::name);
    if (found == all.end() && name != "local")
      add(lines, CheckLevel::failed, "E_ISSUER",
          fmt::format("issuer \"{}\" is not configured", name));
    else if (found == all.end() || found->kind == certs::IssuerKind::local)
      check_own_ca(desk.store().paths().root(), name, want, lines);
    else {
      check_acme(*found, want, lines);
      check_key_file(*found, lines);
      check_names(desk, flags, *found, plan, lines);
      check_budget(desk, *found, want, lines);
    }
  }
}

// What a CA has signed is lost when it cannot be kept.
void check_disk(const std::string& store, Lines& lines) {
  constexpr std::uint64_t kFreeMin = std::uint64_t{16} * 1024 * 1024;
  if (::faccessat(AT_FDCWD, store.c_str(), W_OK, AT_EACCESS) != 0)
    return add(lines, CheckLevel::failed, "E_READ_ONLY", store + " cannot be written to");

  struct statvfs disk {};

  if (::statvfs(store.c_str(), &disk) != 0)
    return add(lines, CheckLevel::warning, "E_DISK_FULL", store + ": how full it is is not known");
  const std::uint64_t left = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  if (left < kFreeMin)
    return add(lines, CheckLevel::failed, "E_DISK_FULL",
               fmt::format("{}: {} bytes are free (at least {})", store, left,
                           base::format_bytes(kFreeMin)));
  add(lines, CheckLevel::ok, "", "the store can be written to");
}

// Challenges but dns-01 are answered by it. Whether it is there.
bool check_gateway(CertsDesk& desk, const CertsFlags& flags, const certs::Want& want,
                   Lines& lines) {
  const bool is_needed =
      std::ranges::any_of(desk.config().issuers, [&](const certs::IssuerConfig& issuer) {
        return issuer.kind == certs::IssuerKind::acme &&
               std::ranges::find(want.issuers, issuer.name) != want.issuers.end() &&
               issuer.challenges != std::vector{certs::ChallengeType::dns_01};
      });
  if (!is_needed) return false;
  AdminFlags admin;
  admin.config = flags.config;
  const auto answer = ask_gateway(admin, "GET", "/v1/status");
  if (answer)
    add(lines, CheckLevel::ok, "", "a gateway runs that answers challenges");
  else
    add(lines, CheckLevel::failed, "E_GATEWAY",
        "no gateway answers challenges: " + answer.error().message);
  return answer.has_value();
}

}  // namespace

ExitCode rehearse_issue(CertsDesk& desk, const CertsFlags& flags, RehearsalPlan plan) {
  const certs::Want& want = plan.want;
  Lines lines;
  check_want(want, lines);
  check_disk(desk.store().paths().root(), lines);
  plan.has_gateway = check_gateway(desk, flags, want, lines);
  check_issuers(desk, flags, plan, lines);
  const bool would_fail = std::ranges::any_of(
      lines, [](const CheckLine& line) { return line.level == CheckLevel::failed; });
  if (flags.form == OutputForm::json) {
    json::array all;
    for (const CheckLine& line : lines)
      all.push_back(json::object{
          {"level", certs::text_of(line.level)}, {"code", line.code}, {"text", line.text}});
    print(json::serialize(json::object{{"name", want.names.front()},
                                       {"dry_run", true},
                                       {"would_fail", would_fail},
                                       {"checks", std::move(all)}}) +
          "\n");
  } else {
    for (const CheckLine& line : lines)
      print(fmt::format("{:<4}  {}{}{}\n", certs::text_of(line.level), line.code,
                        line.code.empty() ? "" : ": ", line.text));
    print("nothing was ordered (--dry-run)\n");
  }
  return would_fail ? ExitCode::no : ExitCode::done;
}

}  // namespace ravelin::cli
