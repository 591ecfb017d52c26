#include "certs/ca/own_ca_issuer.h"

#include "base/io/log.h"
#include "base/text.h"
#include "certs/ca/issued_log.h"
#include "certs/ca/revocation_list.h"
#include "certs/ca/sign_leaf.h"
#include "certs/issuer/csr.h"

#include <algorithm>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

// What this cannot do is no reason to sign nothing: there is time until the present one ends.
void keep_fresh(OwnCa& ca, base::WallTime now) {
  if (auto tended = tend(ca, now); !tended)
    base::log_warn("certs", "the own CA could not be renewed", {{"error", tended.error().message}});
  else if (ca.is_issuing_due(now))
    base::log_warn("certs", "the own CA's issuing certificate ends, and root.key is not there",
                   {{"ends", format_time(describe(ca.issuing().certificate.get()).not_after)}});
}

// What an order asks for, once nothing about it depends on the CA any more.
struct Request {
  const CertificateOrder& order;
  LeafProfile profile = LeafProfile::server;
  ParsedCsr csr;
};

Result<Request> read_request(const CertificateOrder& order) {
  const auto profile = parse_leaf_profile(order.profile);
  if (!profile) return profile.error();
  auto csr = parse_csr(order.csr);
  if (!csr) return csr.error();
  return Request{order, *profile, std::move(*csr)};
}

IssueFailure final_failure(base::Error error) {
  return {.error = std::move(error), .is_final = true};
}

Result<> check_not_compromised(const OwnCa& ca, const X509* leaf) {
  const auto revoked = read_revoked(ca.folder());
  if (!revoked) return revoked.error();
  const std::string digest = describe(leaf).spki_sha256;
  for (const RevokedRecord& record : *revoked) {
    if (record.key == digest && record.reason == RevocationReason::key_compromise)
      return fail(Errc::invalid, "this key was revoked as compromised: ask with a new one");
  }
  return {};
}

bool is_signed_by(X509* leaf, const SigningCa& ca) {
  const bool is_signed = X509_verify(leaf, X509_get0_pubkey(ca.certificate.get())) == 1;
  ERR_clear_error();
  return is_signed;
}

std::vector<std::string> names_of(const CertificateInfo& info) {
  std::vector<std::string> names = info.dns_names;
  for (const auto& address : info.ip_names)
    names.push_back(base::to_string(address));
  return names;
}

// The certificate a note holds, when it answers this very request and can still be used.
X509Ptr noted_leaf(const OwnCa& ca, const Request& request, std::string_view note,
                   base::WallTime now) {
  if (note.empty()) return nullptr;
  auto chain = parse_chain(note, "note");
  if (!chain || chain->info.not_after <= now || !is_signed_by(chain->leaf.get(), ca.issuing()))
    return nullptr;
  const bool is_same_key =
      EVP_PKEY_eq(X509_get0_pubkey(chain->leaf.get()), request.csr.key.get()) == 1;
  ERR_clear_error();
  const auto names = check_leaf_names(request.order.names, names_of(chain->info), {}, "");
  return is_same_key && names ? std::move(chain->leaf) : nullptr;
}

Result<X509Ptr> sign(const OwnCa& ca, const Request& request, base::WallTime now) {
  const auto issuing = describe(ca.issuing().certificate.get());
  const auto dates = plan_leaf_dates(request.order.not_before, request.order.not_after,
                                     ca.settings().leaf_lifetime, issuing, now);
  if (!dates && dates.error().code == Errc::unavailable && !ca.has_root_key())
    return fail(Errc::unavailable, "{}, and {} is not there to make a new one: put it back",
                dates.error().message, ca.folder().path("root.key"));
  if (!dates) return dates.error();
  auto leaf = sign_leaf(ca.issuing(),
                        {request.order.names, request.csr.key.get(), request.profile, *dates});
  if (!leaf) return leaf.error();
  auto verified =
      verify_leaf(leaf->get(), ca.issuing().certificate.get(), ca.root(), request.profile);
  if (!verified) return verified.error();
  return leaf;
}

IssuedRecord record_of(const X509* leaf, const OwnCa& ca, const Request& request,
                       base::WallTime now) {
  const CertificateInfo info = describe(leaf);
  return {.serial = info.serial,
          .issuer = describe(ca.issuing().certificate.get()).serial,
          .key = info.spki_sha256,
          .names = request.order.names,
          .profile = std::string(text_of(request.profile)),
          .issued_at = std::chrono::floor<std::chrono::seconds>(now),
          .not_after = std::chrono::floor<std::chrono::seconds>(info.not_after),
          .order = "own-ca/" + info.serial};
}

Issuer::Outcome answer(OwnCa& ca, const Request& request, OrderNote& note, base::WallTime now) {
  const auto permitted =
      check_leaf_names(request.order.names, request.csr.names, ca.permitted(), ca.settings().name);
  if (!permitted) return final_failure(permitted.error());
  X509Ptr leaf = noted_leaf(ca, request, note.text(), now);
  const bool is_noted = leaf != nullptr;
  if (!is_noted) {
    auto made = sign(ca, request, now);
    if (!made) return IssueFailure{made.error()};
    leaf = std::move(*made);
  }
  if (auto checked = check_not_compromised(ca, leaf.get()); !checked)
    return IssueFailure{checked.error(), {}, checked.error().code == Errc::invalid};
  const std::string pem = to_pem(leaf.get()) + to_pem(ca.issuing().certificate.get());
  if (!is_noted) {
    if (auto saved = note.save(pem); !saved) return IssueFailure{saved.error()};
  }
  const IssuedRecord record = record_of(leaf.get(), ca, request, now);
  const auto recorded =
      is_noted ? add_issued_once(ca.folder(), record, now) : add_issued(ca.folder(), record, now);
  if (!recorded) return IssueFailure{recorded.error()};
  return IssuedChain{pem, record.order};
}

// Whose list a certificate would stand in.
const SigningCa* issuer_of(const OwnCa& ca, X509* leaf) {
  if (is_signed_by(leaf, ca.issuing())) return &ca.issuing();
  for (const SigningCa& old : ca.retired()) {
    if (is_signed_by(leaf, old)) return &old;
  }
  return nullptr;
}

// `record` without reason and time, which are filled in here.
Result<> take_back(const OwnCa& ca, RevokedRecord record, RevocationReason reason,
                   base::WallTime now) {
  const auto revoked = read_revoked(ca.folder());
  if (!revoked) return revoked.error();
  const bool is_known = std::ranges::any_of(
      *revoked, [&](const RevokedRecord& known) { return known.serial == record.serial; });
  if (!is_known) {
    record.reason = reason;
    record.revoked_at = std::chrono::floor<std::chrono::seconds>(now);
    if (auto added = add_revoked(ca.folder(), record); !added) return added.error();
  }
  return refresh_crl(ca, now);
}

Result<RevokedRecord> record_of(const OwnCa& ca, X509* leaf) {
  const CertificateInfo info = describe(leaf);
  const SigningCa* issuer = issuer_of(ca, leaf);
  if (issuer == nullptr)
    return fail(Errc::invalid, "the certificate {} was not signed by the CA \"{}\"", info.serial,
                ca.settings().name);
  return RevokedRecord{.serial = info.serial,
                       .issuer = describe(issuer->certificate.get()).serial,
                       .key = info.spki_sha256,
                       .not_after = std::chrono::floor<std::chrono::seconds>(info.not_after)};
}

Result<RevokedRecord> record_of(const OwnCa& ca, std::string_view serial) {
  const auto issued = read_issued(ca.folder());
  if (!issued) return issued.error();
  for (const IssuedRecord& record : *issued) {
    if (base::iequals(record.serial, serial))
      return RevokedRecord{.serial = record.serial,
                           .issuer = record.issuer,
                           .key = record.key,
                           .not_after = record.not_after};
  }
  return fail(Errc::invalid, "{} records no certificate {}", ca.folder().path("issued.jsonl"),
              serial);
}

}  // namespace

Issuer::Outcome OwnCaIssuer::issue(const CertificateOrder& order, OrderNote& note,
                                   std::stop_token stop) {
  const auto request = read_request(order);
  if (!request) return final_failure(request.error());
  auto held = hold_ca(dir_, stop);
  if (!held) return IssueFailure{held.error()};
  const base::WallTime now = clock_();
  keep_fresh(held->ca, now);
  return answer(held->ca, *request, note, now);
}

Result<> OwnCaIssuer::revoke(std::string_view chain_pem, RevocationReason reason,
                             std::stop_token stop) {
  const auto chain = parse_chain(chain_pem, "certificate");
  if (!chain) return chain.error();
  const auto held = hold_ca(dir_, stop);
  if (!held) return held.error();
  auto record = record_of(held->ca, chain->leaf.get());
  if (!record) return record.error();
  return take_back(held->ca, std::move(*record), reason, clock_());
}

Result<> OwnCaIssuer::revoke_serial(std::string_view serial, RevocationReason reason,
                                    const std::stop_token& stop) {
  const auto held = hold_ca(dir_, stop);
  if (!held) return held.error();
  auto record = record_of(held->ca, serial);
  if (!record) return record.error();
  return take_back(held->ca, std::move(*record), reason, clock_());
}

Result<std::optional<RenewalWindow>> OwnCaIssuer::renewal_window(std::string_view /*chain_pem*/,
                                                                 std::stop_token /*stop*/) {
  return std::optional<RenewalWindow>();
}

}  // namespace ravelin::certs
