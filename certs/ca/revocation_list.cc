#include "certs/ca/revocation_list.h"

#include "base/io/file.h"
#include "certs/store/record_lines.h"

#include <algorithm>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr std::string_view kRevokedFile = "revoked.jsonl";
constexpr std::string_view kCrlFile = "crl.pem";
constexpr std::string_view kBundleFile = "bundle.pem";
constexpr std::size_t kCrlBytesMax = std::size_t{16} * 1024 * 1024;

Result<std::vector<CrlPtr>> read_lists(const OwnCa& ca) {
  const std::string file = ca.folder().path(kCrlFile);
  const auto text = base::read_file(file, kCrlBytesMax);
  if (!text) return text.error();
  return parse_crls(*text, file);
}

// Above every number in use, also when the file is lost, and the clock set back.
std::uint64_t next_number(const OwnCa& ca, base::WallTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  auto number = static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 1));
  const auto lists = read_lists(ca);
  if (!lists) return number;
  for (const CrlPtr& list : *lists)
    number = std::max(number, crl_number(list.get()).value_or(0) + 1);
  return number;
}

Result<std::string> list_of(const SigningCa& issuing, std::span<const RevokedRecord> revoked,
                            std::uint64_t number, base::WallTime now) {
  X509* issuer = issuing.certificate.get();
  const auto entries = list_entries(revoked, describe(issuer).serial, now);
  const auto crl = build_crl(
      issuer, issuing.key.get(), entries,
      {.this_update = now - kClockMargin, .next_update = now + kCrlLifetime, .number = number});
  if (!crl) return crl.error();
  return to_pem(crl->get());
}

int count_revoked(X509_CRL* crl) {
  const auto* list = X509_CRL_get_REVOKED(crl);
  return list == nullptr ? 0 : sk_X509_REVOKED_num(list);
}

}  // namespace

Result<std::vector<RevokedRecord>> read_revoked(const CaFolder& folder) {
  const std::string file = folder.path(kRevokedFile);
  const auto lines = read_lines(file);
  if (!lines) return lines.error();
  std::vector<RevokedRecord> records;
  for (std::size_t i = 0; i < lines->size(); ++i) {
    auto record = parse_revoked((*lines)[i]);
    if (!record) return base::wrap(record.error(), fmt::format("{}:{}", file, i + 1));
    records.push_back(std::move(*record));
  }
  return records;
}

Result<> add_revoked(const CaFolder& folder, const RevokedRecord& record) {
  return append_line(folder.path(kRevokedFile), format_record(record));
}

std::vector<CrlEntry> list_entries(std::span<const RevokedRecord> revoked,
                                   std::string_view issuer_serial, base::WallTime now) {
  std::vector<CrlEntry> entries;
  for (const RevokedRecord& record : revoked) {
    if (record.issuer == issuer_serial && record.not_after + kCrlLifetime > now)
      entries.push_back({record.serial, record.revoked_at, static_cast<int>(record.reason)});
  }
  return entries;
}

Result<CrlState> read_crl_state(const OwnCa& ca) {
  const auto lists = read_lists(ca);
  if (!lists) return lists.error();
  std::optional<CrlState> state;
  std::size_t revoked = 0;
  for (const CrlPtr& list : *lists) {
    revoked += static_cast<std::size_t>(count_revoked(list.get()));
    const bool is_ours =
        X509_CRL_verify(list.get(), X509_get0_pubkey(ca.issuing().certificate.get())) == 1;
    ERR_clear_error();
    if (is_ours)
      state = CrlState{.number = crl_number(list.get()).value_or(0),
                       .next_update = to_wall_time(X509_CRL_get0_nextUpdate(list.get()))};
  }
  if (!state)
    return fail(Errc::not_found, "{} has no list of the issuing certificate",
                ca.folder().path(kCrlFile));
  state->revoked = revoked;
  return *state;
}

Result<> refresh_crl(const OwnCa& ca, base::WallTime now) {
  const auto revoked = read_revoked(ca.folder());
  if (!revoked) return revoked.error();
  auto text = base::read_file(ca.folder().path("root-crl.pem"), kPemBytesMax);
  if (!text) return text.error();
  const std::uint64_t number = next_number(ca, now);
  const auto issuing = list_of(ca.issuing(), *revoked, number, now);
  if (!issuing) return issuing.error();
  *text += *issuing;
  std::string signers = to_pem(ca.root()) + to_pem(ca.issuing().certificate.get());
  for (const SigningCa& old : ca.retired()) {
    if (describe(old.certificate.get()).not_after <= now) continue;
    const auto list = list_of(old, *revoked, number, now);
    if (!list) return list.error();
    *text += *list;
    signers += to_pem(old.certificate.get());
  }
  // First the signers: a list without its signer is refused, a signer without a list is not used.
  if (auto written = ca.folder().write_public(kBundleFile, signers); !written) return written;
  return ca.folder().write_public(kCrlFile, *text);
}

Result<> tend(OwnCa& ca, base::WallTime now) {
  if (ca.is_issuing_due(now) && ca.has_root_key()) {
    if (auto renewed = ca.renew_issuing(now); !renewed) return renewed.error();
  }
  const auto state = read_crl_state(ca);
  if (state && state->next_update - now > kCrlLifetime / 2) return {};
  return refresh_crl(ca, now);
}

}  // namespace ravelin::certs
