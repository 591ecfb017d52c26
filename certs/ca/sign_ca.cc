#include "certs/ca/sign_ca.h"

#include "base/text.h"
#include "certs/build_certificate.h"
#include "certs/issuer/private_key.h"

#include <algorithm>

namespace ravelin::certs {
namespace {

void add_ca_extensions(X509* certificate, X509* issuer, const char* basic_constraints,
                       const NameConstraints& permitted) {
  add_extension(certificate, issuer, NID_basic_constraints, basic_constraints);
  add_extension(certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
  add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
  add_name_constraints(certificate, permitted);
}

}  // namespace

Result<SigningCa> make_root(const std::string& name, const NameConstraints& permitted,
                            base::WallTime now) {
  auto key = generate_key(KeyKind::p384);
  if (!key) return key.error();
  X509Ptr root = blank_certificate(key->get(), now - kClockMargin, now + kRootLifetime);
  set_common_name(X509_get_subject_name(root.get()), name + " root");
  X509_set_issuer_name(root.get(), X509_get_subject_name(root.get()));
  add_ca_extensions(root.get(), root.get(), "critical,CA:TRUE,pathlen:1", permitted);
  if (auto made = sign_certificate(root.get(), key->get()); !made) return made.error();
  return SigningCa{std::move(root), std::move(*key)};
}

Result<SigningCa> make_issuing(const std::string& name, const SigningCa& root, base::WallTime now) {
  const base::WallTime end = describe(root.certificate.get()).not_after;
  if (end <= now)
    return base::fail(base::Errc::unavailable, "the root of \"{}\" ended on {}: make a new CA",
                      name, format_time(end));
  auto key = generate_key(KeyKind::p256);
  if (!key) return key.error();
  X509Ptr issuing =
      blank_certificate(key->get(), now - kClockMargin, std::min(now + kIssuingLifetime, end));
  // Its own name: revocation lists and chains are looked up by it.
  const std::string serial = describe(issuing.get()).serial;
  set_common_name(X509_get_subject_name(issuing.get()),
                  fmt::format("{} issuing {}", name, base::to_lower(serial.substr(0, 8))));
  X509_set_issuer_name(issuing.get(), X509_get_subject_name(root.certificate.get()));
  add_ca_extensions(issuing.get(), root.certificate.get(), "critical,CA:TRUE,pathlen:0",
                    read_name_constraints(root.certificate.get()));
  add_extension(issuing.get(), root.certificate.get(), NID_ext_key_usage, "serverAuth,clientAuth");
  if (auto made = sign_certificate(issuing.get(), root.key.get()); !made) return made.error();
  return SigningCa{std::move(issuing), std::move(*key)};
}

bool is_renewal_due(const CertificateInfo& info, base::WallTime now) {
  return (info.not_after - now) * 3 < info.not_after - info.not_before;
}

}  // namespace ravelin::certs
