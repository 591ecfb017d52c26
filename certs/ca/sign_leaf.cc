#include "certs/ca/sign_leaf.h"

#include "base/text.h"
#include "certs/build_certificate.h"

#include <openssl/x509_vfy.h>

#include <algorithm>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

std::string canonical(const std::string& name) {
  const auto address = base::parse_ip(name);
  return address ? base::to_string(*address) : name;
}

std::vector<std::string> sorted(std::span<const std::string> names) {
  std::vector<std::string> list;
  for (const auto& name : names)
    list.push_back(canonical(name));
  std::ranges::sort(list);
  return list;
}

const char* key_usages(LeafProfile profile) {
  switch (profile) {
    case LeafProfile::server:
      return "serverAuth";
    case LeafProfile::client:
      return "clientAuth";
    case LeafProfile::peer:
      break;
  }
  return "serverAuth,clientAuth";
}

}  // namespace

Result<LeafProfile> parse_leaf_profile(std::string_view text) {
  if (text.empty()) return LeafProfile::server;
  for (std::size_t i = 0; i < std::size(kLeafProfiles); ++i) {
    if (kLeafProfiles[i] == text) return static_cast<LeafProfile>(i);
  }
  return fail(Errc::invalid, "\"{}\" is no profile of an own CA (server, client, peer)", text);
}

Result<> check_leaf_names(std::span<const std::string> ordered,
                          std::span<const std::string> requested, const NameConstraints& permitted,
                          std::string_view ca_name) {
  if (sorted(ordered) != sorted(requested))
    return fail(Errc::invalid, "the request for signature names {}, where {} is ordered",
                base::join(sorted(requested), ", "), base::join(sorted(ordered), ", "));
  for (const auto& name : ordered) {
    if (!permits(permitted, name))
      return fail(Errc::invalid, "\"{}\" is outside the names of the CA \"{}\" ({})", name, ca_name,
                  base::join(to_texts(permitted), ", "));
  }
  return {};
}

Result<LeafDates> plan_leaf_dates(std::optional<base::WallTime> not_before,
                                  std::optional<base::WallTime> not_after,
                                  std::chrono::seconds lifetime, const CertificateInfo& issuing,
                                  base::WallTime now) {
  if (issuing.not_after <= now)
    return fail(Errc::unavailable, "the issuing certificate ended on {}",
                format_time(issuing.not_after));
  const auto whole = [](base::WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time);
  };
  LeafDates dates;
  dates.not_before = whole(std::max(not_before.value_or(now - kClockMargin), issuing.not_before));
  const base::WallTime start = not_before.value_or(now);
  dates.not_after = whole(std::min(not_after.value_or(start + lifetime), issuing.not_after));
  if (dates.not_after <= now)
    return fail(Errc::invalid, "a certificate that has ended on {}", format_time(dates.not_after));
  if (dates.not_after <= dates.not_before)
    return fail(Errc::invalid, "a certificate that starts on {} and ends on {}",
                format_time(dates.not_before), format_time(dates.not_after));
  return dates;
}

Result<X509Ptr> sign_leaf(const SigningCa& issuing, const LeafOrder& order) {
  const auto names = general_names(order.names);
  if (!names) return names.error();
  X509Ptr leaf = blank_certificate(order.key, order.dates.not_before, order.dates.not_after);
  X509* issuer = issuing.certificate.get();
  X509_set_issuer_name(leaf.get(), X509_get_subject_name(issuer));
  add_extension(leaf.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(leaf.get(), issuer, NID_key_usage, "critical,digitalSignature");
  add_extension(leaf.get(), issuer, NID_ext_key_usage, key_usages(order.profile));
  add_extension(leaf.get(), issuer, NID_subject_key_identifier, "hash");
  add_extension(leaf.get(), issuer, NID_authority_key_identifier, "keyid:always");
  add_alternative_names(leaf.get(), names->get(), Critical::yes);
  if (auto made = sign_certificate(leaf.get(), issuing.key.get()); !made) return made.error();
  return leaf;
}

Result<> verify_leaf(X509* leaf, X509* issuing, X509* root, LeafProfile profile) {
  const base::Handle<X509_STORE, X509_STORE_free> store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), root);
  X509_STORE_set_flags(store.get(), X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_X509_STRICT);
  const X509StackPtr above(sk_X509_new_null());
  sk_X509_push(above.get(), share(issuing).release());
  const base::Handle<X509_STORE_CTX, X509_STORE_CTX_free> check(X509_STORE_CTX_new());
  X509_STORE_CTX_init(check.get(), store.get(), leaf, above.get());
  X509_STORE_CTX_set_purpose(check.get(), profile == LeafProfile::client ? X509_PURPOSE_SSL_CLIENT
                                                                         : X509_PURPOSE_SSL_SERVER);
  if (X509_verify_cert(check.get()) == 1) return {};
  ERR_clear_error();
  return fail(Errc::invalid,
              "clients would refuse this certificate: {} (certificate {} of its chain)",
              X509_verify_cert_error_string(X509_STORE_CTX_get_error(check.get())),
              X509_STORE_CTX_get_error_depth(check.get()) + 1);
}

}  // namespace ravelin::certs
