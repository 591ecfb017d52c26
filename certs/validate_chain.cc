#include "certs/validate_chain.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace ravelin::certs {
namespace {

constexpr long kChainDerBytesMax = 32 * 1024L;

using Members = std::vector<X509*>;  // leaf first; borrowed

Members members_of(const Chain& chain) {
  Members members{chain.leaf.get()};
  for (int i = 0; i < sk_X509_num(chain.intermediates.get()); ++i)
    members.push_back(sk_X509_value(chain.intermediates.get(), i));
  return members;
}

bool issued(X509* issuer, X509* subject) {
  const bool yes = X509_check_issued(issuer, subject) == X509_V_OK &&
                   X509_verify(subject, X509_get0_pubkey(issuer)) == 1;
  ERR_clear_error();
  return yes;
}

std::string subject(const X509* certificate) {
  return describe(certificate).subject;
}

// Each certificate must be signed by the next one.
void check_links(const Members& members, const PairNames& names, Findings& out) {
  for (std::size_t i = 0; i + 1 < members.size(); ++i) {
    if (X509_cmp(members[i], members[i + 1]) == 0) {
      out.warn(PairCode::chain_duplicate, "{}: certificate {} is there twice: remove one",
               names.chain_file, i + 1);
      continue;
    }
    if (issued(members[i + 1], members[i])) continue;
    for (std::size_t j = i + 2; j < members.size(); ++j)
      if (issued(members[j], members[i]))
        return out.error(PairCode::chain_order,
                         "{}: certificate {} is issued by certificate {}, which must come right "
                         "after it",
                         names.chain_file, i + 1, j + 1);
    return out.error(PairCode::chain_wrong_issuer,
                     "{}: certificate {} (\"{}\") did not issue certificate {}: put \"{}\" there "
                     "instead, or remove it",
                     names.chain_file, i + 2, subject(members[i + 1]), i + 1,
                     describe(members[i]).issuer);
  }
}

void check_members(const Members& members, const PairNames& names, base::WallTime now,
                   Findings& out) {
  long size = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    size += i2d_X509(members[i], nullptr);
    if (i == 0) continue;
    const CertificateInfo info = describe(members[i]);
    if (info.not_after <= now)
      out.error(PairCode::chain_expired_intermediate,
                "{}: the intermediate \"{}\" expired on {}: fetch the CA's newer one",
                names.chain_file, info.subject, format_time(info.not_after));
    if (info.is_self_signed)
      out.warn(PairCode::chain_root_included,
               "{}: holds the root \"{}\", which clients must have anyway: remove it to save "
               "bytes in each handshake",
               names.chain_file, info.subject);
  }
  if (size > kChainDerBytesMax)
    out.error(PairCode::chain_too_long, "{}: the chain has {} bytes (at most {})", names.chain_file,
              size, kChainDerBytesMax);
}

// A lone leaf whose issuer publishes its certificate: clients that do not fetch it will refuse.
void check_missing(const Chain& chain, const PairNames& names, Findings& out) {
  if (sk_X509_num(chain.intermediates.get()) > 0 || chain.info.is_self_signed) return;
  const base::Handle<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free> access(
      static_cast<AUTHORITY_INFO_ACCESS*>(
          X509_get_ext_d2i(chain.leaf.get(), NID_info_access, nullptr, nullptr)));
  if (access == nullptr) return;
  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i)
    if (OBJ_obj2nid(sk_ACCESS_DESCRIPTION_value(access.get(), i)->method) == NID_ad_ca_issuers)
      return out.warn(PairCode::chain_missing,
                      "{}: the intermediate \"{}\" is missing: append its certificate",
                      names.chain_file, chain.info.issuer);
}

// What only a verifier sees: names outside the CA's constraints, a path length exceeded. The
// topmost certificate of the file stands in for the root.
void check_path(const Members& members, const Chain& chain, const PairNames& names, Findings& out) {
  const base::Handle<X509_STORE, X509_STORE_free> store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), members.back());
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
  const base::Handle<X509_STORE_CTX, X509_STORE_CTX_free> check(X509_STORE_CTX_new());
  X509_STORE_CTX_init(check.get(), store.get(), chain.leaf.get(), chain.intermediates.get());
  if (X509_verify_cert(check.get()) == 1) return;
  const int verdict = X509_STORE_CTX_get_error(check.get());
  const int depth = X509_STORE_CTX_get_error_depth(check.get());
  out.error(PairCode::name_constraints, "{}: certificate {} would be refused by clients: {}",
            names.chain_file, depth + 1, X509_verify_cert_error_string(verdict));
}

}  // namespace

void check_chain(const Chain& chain, const PairNames& names, base::WallTime now, Findings& out) {
  const Members members = members_of(chain);
  const std::size_t before = out.list.size();
  check_links(members, names, out);
  check_members(members, names, now, out);
  check_missing(chain, names, out);
  const bool is_linked = out.list.size() == before;
  if (is_linked && members.size() > 1) check_path(members, chain, names, out);
}

}  // namespace ravelin::certs
