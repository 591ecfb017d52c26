// `ravelin certs ca show` and `ca crl`.
#include "base/io/file.h"
#include "base/text.h"
#include "base/utc.h"
#include "certs/ca/issued_log.h"
#include "certs/ca/revocation_list.h"
#include "cli/certs/ca.h"
#include "cli/report.h"
#include "cli/table.h"

#include <boost/json.hpp>

#include <algorithm>

namespace ravelin::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kCrlBytesMax = std::size_t{16} * 1024 * 1024;

// What there is to say about a CA.
struct View {
  const certs::OwnCa& ca;
  certs::CertificateInfo root, issuing;
  std::size_t signed_count = 0;
  std::size_t live_count = 0;
  std::size_t revoked_count = 0;
  base::Result<certs::CrlState> crl;
  base::WallTime now;
};

base::Result<View> look(const certs::OwnCa& ca, base::WallTime now) {
  const auto issued = certs::read_issued(ca.folder());
  if (!issued) return issued.error();
  const auto revoked = certs::read_revoked(ca.folder());
  if (!revoked) return revoked.error();
  const auto live =
      std::ranges::count_if(*issued, [&](const auto& record) { return record.not_after > now; });
  return View{.ca = ca,
              .root = certs::describe(ca.root()),
              .issuing = certs::describe(ca.issuing().certificate.get()),
              .signed_count = issued->size(),
              .live_count = static_cast<std::size_t>(live),
              .revoked_count = revoked->size(),
              .crl = certs::read_crl_state(ca),
              .now = now};
}

// When less than a third of its time is left.
base::WallTime renewal_of(const certs::CertificateInfo& info) {
  return info.not_after - (info.not_after - info.not_before) / 3;
}

std::string issuing_text(const View& view) {
  const bool has_key = view.ca.has_root_key();
  if (view.issuing.not_after <= view.now)
    return fmt::format("ended on {}{}", certs::format_time(view.issuing.not_after),
                       has_key ? "; the next certificate signed makes a new one"
                               : "; put root.key back to make a new one");
  return fmt::format(
      "P-256, until {}; a new one from {}{}", certs::format_time(view.issuing.not_after),
      certs::format_time(renewal_of(view.issuing)), has_key ? "" : ", which takes root.key");
}

std::string show_text(const View& view) {
  const certs::OwnCa& ca = view.ca;
  const std::string names = base::join(certs::to_texts(ca.permitted()), " ");
  return table_text(
      {{"name", ca.settings().name},
       {"root",
        fmt::format("P-384, until {}; its key is {}", certs::format_time(view.root.not_after),
                    ca.has_root_key() ? "here" : "elsewhere")},
       {"sha256", ca.root_fingerprint()},
       {"issuing", issuing_text(view)},
       {"permits", ca.permitted().is_open() ? "any name" : names},
       {"signed",
        fmt::format("{} ({} live), for {} each; {} revoked", view.signed_count, view.live_count,
                    base::format_duration(ca.settings().leaf_lifetime), view.revoked_count)},
       {"crl", view.crl ? fmt::format("number {}, next by {}", view.crl->number,
                                      certs::format_time(view.crl->next_update))
                        : view.crl.error().message}});
}

std::string utc(base::WallTime time) {
  return base::utc_text(std::chrono::floor<std::chrono::seconds>(time));
}

json::object crl_json(const certs::CrlState& state) {
  return {{"number", state.number},
          {"next_update", utc(state.next_update)},
          {"revoked", state.revoked}};
}

json::object show_json(const View& view) {
  const certs::OwnCa& ca = view.ca;
  return {{"name", ca.settings().name},
          {"root",
           {{"file", ca.folder().path("root.pem")},
            {"sha256", ca.root_fingerprint()},
            {"serial", view.root.serial},
            {"not_after", utc(view.root.not_after)},
            {"has_key", ca.has_root_key()}}},
          {"issuing",
           {{"serial", view.issuing.serial},
            {"not_after", utc(view.issuing.not_after)},
            {"renew_at", utc(renewal_of(view.issuing))}}},
          {"retired", ca.retired().size()},
          {"permitted", json::value_from(certs::to_texts(ca.permitted()))},
          {"leaf_lifetime_seconds", ca.settings().leaf_lifetime.count()},
          {"signed", view.signed_count},
          {"live", view.live_count},
          {"revoked", view.revoked_count},
          {"crl", view.crl ? json::value(crl_json(*view.crl)) : json::value(nullptr)}};
}

ExitCode show(const CertsFlags& flags, const std::string& dir) {
  const auto ca = certs::OwnCa::open(dir);
  if (!ca) return report(ca.error());
  const auto view = look(*ca, base::wall_now());
  if (!view) return report(view.error());
  print(flags.form == OutputForm::json ? json::serialize(show_json(*view)) + "\n"
                                       : show_text(*view));
  return ExitCode::done;
}

struct CrlFlags {
  CertsFlags common;
  bool is_renewed = false;
};

ExitCode crl(const CrlFlags& flags, const std::string& dir) {
  auto held = certs::hold_ca(dir);
  if (!held) return report(held.error());
  const base::WallTime now = base::wall_now();
  const auto made =
      flags.is_renewed ? certs::refresh_crl(held->ca, now) : certs::tend(held->ca, now);
  if (!made) return report(made.error());
  const std::string file = held->ca.folder().path("crl.pem");
  const auto text = base::read_file(file, kCrlBytesMax);
  if (!text) return report(text.error());
  const auto state = certs::read_crl_state(held->ca);
  if (!state) return report(state.error());
  json::object answer = crl_json(*state);
  answer["file"] = file;
  answer["pem"] = *text;
  print(flags.common.form == OutputForm::json ? json::serialize(answer) + "\n" : *text);
  return ExitCode::done;
}

}  // namespace

void add_ca_show(CLI::App& group, Action& chosen) {
  auto flags = std::make_shared<CertsFlags>();
  CLI::App* command = group.add_subcommand("show", "its certificates, names, what it signed");
  add_certs_flags(*command, *flags);
  command->callback([&chosen, flags] {
    chosen = [flags] {
      return in_ca_folder(*flags, [&](const std::string& dir) { return show(*flags, dir); });
    };
  });

  auto crl_flags = std::make_shared<CrlFlags>();
  CLI::App* list = group.add_subcommand(
      "crl", "print its revocation lists, which are made anew when half their time has gone");
  add_certs_flags(*list, crl_flags->common);
  list->add_flag("--renew", crl_flags->is_renewed, "make them anew now");
  list->callback([&chosen, crl_flags] {
    chosen = [crl_flags] {
      return in_ca_folder(crl_flags->common,
                          [&](const std::string& dir) { return crl(*crl_flags, dir); });
    };
  });
}

}  // namespace ravelin::cli
