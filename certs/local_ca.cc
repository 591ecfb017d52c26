#include "certs/local_ca.h"

#include "certs/build_certificate.h"
#include "certs/build_crl.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

Result<KeyPtr> generate(LeafKey kind) {
  KeyPtr key(kind == LeafKey::p256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048));
  if (key == nullptr) return fail(Errc::tls, "generating a key: {}", take_openssl_error());
  return key;
}

Result<NameConstraints> constraints(const LocalCaOptions& options) {
  std::vector<std::string> permitted = options.permitted_names;
  permitted.insert(permitted.end(), options.permitted_ips.begin(), options.permitted_ips.end());
  return parse_constraints(permitted);
}

}  // namespace

Result<LocalCa> LocalCa::create(const LocalCaOptions& options) {
  LocalCa ca;
  ca.options_ = options;
  auto key = generate(LeafKey::p256);
  if (!key) return key.error();
  ca.key_ = std::move(*key);
  auto permitted = constraints(options);
  if (!permitted) return permitted.error();
  ca.permitted_ = std::move(*permitted);
  const base::WallTime now = base::wall_now();
  ca.certificate_ =
      blank_certificate(ca.key_.get(), now - std::chrono::minutes(5), now + options.validity);
  X509* root = ca.certificate_.get();
  set_common_name(X509_get_subject_name(root), options.common_name);
  X509_set_issuer_name(root, X509_get_subject_name(root));
  add_extension(root, root, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(root, root, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(root, root, NID_subject_key_identifier, "hash");
  add_name_constraints(root, ca.permitted_);
  if (auto made = sign_certificate(root, ca.key_.get()); !made) return made.error();
  X509_check_purpose(root, -1, 0);
  return ca;
}

Result<PairPtr> LocalCa::issue(const LeafRequest& request) const {
  for (const auto& name : request.names)
    if (!permits(permitted_, name))
      return fail(Errc::invalid, "\"{}\" is outside the names of the CA \"{}\"", name,
                  options_.common_name);
  const auto names = general_names(request.names);
  if (!names) return names.error();
  auto key = generate(request.key);
  if (!key) return key.error();
  const base::WallTime now = base::wall_now();
  const X509Ptr leaf =
      blank_certificate(key->get(), now + request.starts_after, now + request.ends_after);
  X509* root = certificate_.get();
  if (!request.common_name.empty())
    set_common_name(X509_get_subject_name(leaf.get()), request.common_name);
  X509_set_issuer_name(leaf.get(), X509_get_subject_name(root));
  add_extension(leaf.get(), root, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(leaf.get(), root, NID_key_usage, "critical,digitalSignature");
  add_extension(leaf.get(), root, NID_ext_key_usage,
                request.use == LeafUse::server ? "serverAuth" : "clientAuth");
  add_extension(leaf.get(), root, NID_authority_key_identifier, "keyid");
  if (!request.names.empty())
    add_alternative_names(leaf.get(), names->get(),
                          request.common_name.empty() ? Critical::yes : Critical::no);
  if (auto made = sign_certificate(leaf.get(), key_.get()); !made) return made.error();
  auto chain = parse_chain(to_pem(leaf.get()), "issued certificate");
  if (!chain) return chain.error();
  return PairPtr(
      std::make_shared<const CertificatePair>(CertificatePair{std::move(*chain), std::move(*key)}));
}

Result<CrlPtr> LocalCa::make_crl(std::span<const PairPtr> revoked,
                                 std::chrono::seconds validity) const {
  const base::WallTime now = base::wall_now();
  const base::WallTime since = now - std::chrono::minutes(10);
  std::vector<CrlEntry> entries;
  for (const auto& pair : revoked)
    entries.push_back({.serial = pair->chain.info.serial, .revoked_at = since});
  return build_crl(certificate_.get(), key_.get(), entries, {since, now + validity});
}

}  // namespace ravelin::certs
