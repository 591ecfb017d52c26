#include "certs/import/repair_chain.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <iterator>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

using Members = std::vector<X509*>;

bool has_issued(X509* issuer, X509* subject) {
  const bool yes = X509_check_issued(issuer, subject) == X509_V_OK &&
                   X509_verify(subject, X509_get0_pubkey(issuer)) == 1;
  ERR_clear_error();
  return yes;
}

bool is_ca(X509* certificate) {
  return X509_check_ca(certificate) != 0;
}

std::string subject(X509* certificate) {
  return describe(certificate).subject;
}

Members without_duplicates(const std::vector<X509Ptr>& given, std::vector<std::string>& notes) {
  Members members;
  for (const X509Ptr& each : given)
    if (std::ranges::none_of(members, [&](X509* m) { return X509_cmp(m, each.get()) == 0; }))
      members.push_back(each.get());
  if (members.size() != given.size())
    notes.push_back(fmt::format("{} certificates were there twice", given.size() - members.size()));
  return members;
}

// Of several that would do, the one that is good for longest.
X509* best_of(const Members& some) {
  const auto best =
      std::ranges::max_element(some, {}, [](X509* each) { return describe(each).not_after; });
  return best == some.end() ? nullptr : *best;
}

X509* leaf_of(const Members& members, const EVP_PKEY* key) {
  Members fitting;
  std::ranges::copy_if(members, std::back_inserter(fitting),
                       [&](X509* each) { return EVP_PKEY_eq(X509_get0_pubkey(each), key) == 1; });
  ERR_clear_error();
  return best_of(fitting);
}

// Where the CA says its own certificate is; "" when it does not.
std::string issuer_url(X509* certificate) {
  const base::Handle<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free> access(
      static_cast<AUTHORITY_INFO_ACCESS*>(
          X509_get_ext_d2i(certificate, NID_info_access, nullptr, nullptr)));
  for (int i = 0; access != nullptr && i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
    const ACCESS_DESCRIPTION* each = sk_ACCESS_DESCRIPTION_value(access.get(), i);
    if (OBJ_obj2nid(each->method) != NID_ad_ca_issuers || each->location->type != GEN_URI) continue;
    const ASN1_IA5STRING* text = each->location->d.uniformResourceIdentifier;
    std::string url(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                    static_cast<std::size_t>(ASN1_STRING_length(text)));
    // It goes to a terminal.
    if (std::ranges::all_of(url, [](char c) { return c > ' ' && c <= '~'; })) return url;
  }
  return {};
}

base::Error missing(X509* certificate) {
  const CertificateInfo info = describe(certificate);
  const std::string url = issuer_url(certificate);
  return fail(Errc::invalid,
              "E_CHAIN_MISSING: \"{}\" is issued by \"{}\", whose certificate is not there: add it "
              "with another --chain FILE{} (if that is the root itself, too: it is left out again)",
              info.subject, info.issuer,
              url.empty() ? std::string() : fmt::format("; the CA offers it at {}", url));
}

// From the leaf up, as far as it goes.
Members path_from(X509* leaf, Members& rest) {
  Members path{leaf};
  std::erase(rest, leaf);
  while (!describe(path.back()).is_self_signed) {
    Members issuers;
    std::ranges::copy_if(rest, std::back_inserter(issuers),
                         [&](X509* each) { return has_issued(each, path.back()); });
    X509* next = best_of(issuers);
    if (next == nullptr) break;
    path.push_back(next);
    std::erase(rest, next);
  }
  return path;
}

// The end of the path when it is not a root: is that all there is to send?
Result<> check_top(const Members& path, const Members& rest) {
  X509* top = path.back();
  for (X509* each : rest)
    if (X509_NAME_cmp(X509_get_subject_name(each), X509_get_issuer_name(top)) == 0)
      return fail(Errc::invalid,
                  "E_CHAIN_WRONG_ISSUER: \"{}\" did not sign \"{}\", though it has the name of its "
                  "issuer: the CA has another certificate of that name, which is needed",
                  subject(each), subject(top));
  const bool has_other_root = std::ranges::any_of(
      rest, [](X509* each) { return is_ca(each) && describe(each).is_self_signed; });
  if (path.size() == 1 || has_other_root) return missing(top);
  return {};
}

void note_left_out(const Members& rest, std::vector<std::string>& notes) {
  for (X509* each : rest)
    notes.push_back(fmt::format("\"{}\" is left out: it is no part of the chain", subject(each)));
}

bool is_in_order(const Members& path, const Members& given) {
  return std::ranges::mismatch(path, given).in1 == path.end();
}

}  // namespace

Result<RepairedChain> repair_chain(const std::vector<X509Ptr>& given, const EVP_PKEY* key) {
  RepairedChain repaired;
  const Members members = without_duplicates(given, repaired.notes);
  if (members.empty()) return fail(Errc::invalid, "E_CERT_PARSE: there is no certificate");
  X509* leaf = leaf_of(members, key);
  if (leaf == nullptr)
    return fail(Errc::invalid,
                "E_KEY_MISMATCH: the key belongs to none of the {} certificates (the first is "
                "\"{}\")",
                members.size(), subject(members.front()));
  if (is_ca(leaf) && !std::ranges::all_of(members, is_ca))
    return fail(Errc::invalid,
                "E_KEY_MISMATCH: the key is that of the CA \"{}\", not of the certificate",
                subject(leaf));
  Members rest = members;
  Members path = path_from(leaf, rest);
  const bool ends_in_root = path.size() > 1 && describe(path.back()).is_self_signed;
  if (!describe(path.back()).is_self_signed)
    if (auto checked = check_top(path, rest); !checked) return checked.error();
  if (!is_in_order(path, members)) repaired.notes.emplace_back("the order was put right");
  if (ends_in_root) {
    repaired.notes.push_back(
        fmt::format("the root \"{}\" is left out: clients have it", subject(path.back())));
    path.pop_back();
  }
  note_left_out(rest, repaired.notes);
  for (X509* each : path)
    repaired.members.push_back(share(each));
  return repaired;
}

}  // namespace ravelin::certs
