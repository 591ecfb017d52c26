// `ravelin certs ca issue` and `ca revoke`: by hand, for programs whose keys Ravelin does not hold.
#include "base/io/file.h"
#include "base/text.h"
#include "base/utc.h"
#include "certs/ca/own_ca_issuer.h"
#include "certs/ca/records.h"
#include "certs/file.h"
#include "certs/issuer/csr.h"
#include "cli/certs/ca.h"
#include "cli/report.h"

#include <boost/json.hpp>

namespace ravelin::cli {
namespace {

namespace json = boost::json;

constexpr mode_t kPublicMode = 0644;

struct IssueFlags {
  CertsFlags common;
  std::string csr;
  std::string profile;
  std::string lifetime;
  std::string out;
};

// Nobody comes back to an order given by hand: the answer is the output.
class NoNote : public certs::OrderNote {
 public:
  [[nodiscard]] std::string text() const override { return {}; }

  base::Result<> save(std::string_view /*text*/) override { return {}; }
};

base::Result<certs::CertificateOrder> order_of(const IssueFlags& flags) {
  const auto text = base::read_file(flags.csr, certs::kCsrBytesMax);
  if (!text) return text.error();
  auto der = certs::decode_csr(*text);
  if (!der) return base::wrap(der.error(), flags.csr);
  const auto request = certs::parse_csr(*der);
  if (!request) return base::wrap(request.error(), flags.csr);
  certs::CertificateOrder order{
      .names = request->names, .csr = std::move(*der), .profile = flags.profile};
  if (!flags.lifetime.empty()) {
    const auto lifetime = base::parse_duration(flags.lifetime);
    if (!lifetime) return base::wrap(lifetime.error(), "--for");
    order.not_after =
        base::wall_now() + std::chrono::duration_cast<base::WallTime::duration>(*lifetime);
  }
  return order;
}

ExitCode print_issued(const IssueFlags& flags, const certs::CertificateOrder& order,
                      const certs::IssuedChain& issued) {
  if (!flags.out.empty()) {
    auto written = base::replace_file(flags.out, issued.pem, kPublicMode);
    if (!written) return report(written.error());
  }
  const auto chain = certs::parse_chain(issued.pem, "issued certificate");
  if (!chain) return report(chain.error());
  const certs::CertificateInfo& info = chain->info;
  const auto not_after = std::chrono::floor<std::chrono::seconds>(info.not_after);
  if (flags.common.form == OutputForm::json)
    print(json::serialize(json::object{{"serial", info.serial},
                                       {"names", json::value_from(order.names)},
                                       {"not_after", base::utc_text(not_after)},
                                       {"file", flags.out},
                                       {"pem", issued.pem}}) +
          "\n");
  else if (flags.out.empty())
    print(issued.pem);
  else
    print(fmt::format("{}: {}, serial {}, until {}\n", flags.out, base::join(order.names, ", "),
                      info.serial, certs::format_time(info.not_after)));
  return ExitCode::done;
}

// The files named are the caller's: read before and written after we are the folder's owner.
ExitCode issue(const IssueFlags& flags) {
  const auto order = order_of(flags);
  if (!order) return report(order.error());
  certs::IssuedChain chain;
  const ExitCode went = in_ca_folder(flags.common, [&](const std::string& dir) {
    NoNote note;
    auto issued = certs::OwnCaIssuer(dir).issue(*order, note, {});
    if (!issued) return report(issued.error().error);
    chain = std::move(*issued);
    return ExitCode::done;
  });
  return went == ExitCode::done ? print_issued(flags, *order, chain) : went;
}

struct RevokeFlags {
  CertsFlags common;
  std::string what;
  std::string reason = "unspecified";
};

bool is_serial(std::string_view text) {
  return text.size() >= 8 && text.size() <= 40 &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

ExitCode revoke_signed(const RevokeFlags& flags) {
  const auto reason = certs::parse_revocation_reason(flags.reason);
  if (!reason) return report(base::wrap(reason.error(), "--reason"));
  std::string serial = flags.what;
  std::string pem;
  if (!is_serial(serial)) {
    const auto text = certs::read_pem_file(flags.what);
    if (!text) return report(text.error());
    const auto chain = certs::parse_chain(*text, flags.what);
    if (!chain) return report(chain.error());
    serial = chain->info.serial;
    pem = *text;
  }
  return in_ca_folder(flags.common, [&](const std::string& dir) {
    certs::OwnCaIssuer issuer(dir);
    const auto revoked =
        pem.empty() ? issuer.revoke_serial(serial, *reason, {}) : issuer.revoke(pem, *reason, {});
    if (!revoked) return report(revoked.error());
    const std::string list = dir + "/crl.pem";
    print(flags.common.form == OutputForm::json
              ? json::serialize(json::object{{"serial", serial}, {"crl", list}}) + "\n"
              : fmt::format("{} is revoked; hand out {}\n", serial, list));
    return ExitCode::done;
  });
}

void add_ca_issue(CLI::App& group, Action& chosen) {
  auto flags = std::make_shared<IssueFlags>();
  CLI::App* command =
      group.add_subcommand("issue", "sign the request of a program with its own key");
  add_certs_flags(*command, flags->common);
  command->add_option("--csr", flags->csr, "the request (PKCS#10, PEM or DER) with its names")
      ->type_name("FILE")
      ->required();
  command->add_option("--profile", flags->profile, "server (without this), client, or peer: both")
      ->type_name("PROFILE");
  command->add_option("--for", flags->lifetime, "another lifetime than the CA's own")
      ->type_name("TIME");
  command->add_option("--out", flags->out, "where the chain goes (standard output without this)")
      ->type_name("FILE");
  command->callback([&chosen, flags] { chosen = [flags] { return issue(*flags); }; });
}

}  // namespace

void add_ca_sign(CLI::App& group, Action& chosen) {
  add_ca_issue(group, chosen);
  auto flags = std::make_shared<RevokeFlags>();
  CLI::App* command =
      group.add_subcommand("revoke", "take back a certificate: its file or its serial number");
  add_certs_flags(*command, flags->common);
  command->add_option("certificate", flags->what, "a PEM file, or a serial number in hexadecimal")
      ->type_name("FILE|SERIAL")
      ->required();
  command->add_option("--reason", flags->reason, "why: key-compromise, superseded, …")
      ->type_name("REASON")
      ->capture_default_str();
  command->callback([&chosen, flags] { chosen = [flags] { return revoke_signed(*flags); }; });
}

}  // namespace ravelin::cli
