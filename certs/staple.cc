#include "certs/staple.h"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include <utility>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

using ResponsePtr = base::Handle<OCSP_RESPONSE, OCSP_RESPONSE_free>;
using BasicPtr = base::Handle<OCSP_BASICRESP, OCSP_BASICRESP_free>;
using IdPtr = base::Handle<OCSP_CERTID, OCSP_CERTID_free>;
using StorePtr = base::Handle<X509_STORE, X509_STORE_free>;

constexpr auto kStapleSkew = std::chrono::minutes(5);

Result<BasicPtr> parse_response(std::string_view der) {
  if (der.size() > kStapleBytesMax)
    return fail(Errc::invalid, "is larger than {} bytes", kStapleBytesMax);
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* const end = at + der.size();
  const ResponsePtr response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
  if (response == nullptr || at != end) return fail(Errc::invalid, "is no OCSP response in DER");
  const int status = OCSP_response_status(response.get());
  if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return fail(Errc::invalid, "is an error of the responder: {}",
                OCSP_response_status_str(status));
  BasicPtr basic(OCSP_response_get1_basic(response.get()));
  if (basic == nullptr) return fail(Errc::invalid, "is an OCSP response of an unknown type");
  return basic;
}

X509* issuer_of(const Chain& chain) {
  for (int i = 0; i < sk_X509_num(chain.intermediates.get()); ++i) {
    X509* above = sk_X509_value(chain.intermediates.get(), i);
    if (X509_check_issued(above, chain.leaf.get()) == X509_V_OK) return above;
  }
  return nullptr;
}

// What the response says about the leaf; null: nothing. Responders choose the hash of the ids.
OCSP_SINGLERESP* find_single(OCSP_BASICRESP* basic, const X509* leaf, const X509* issuer) {
  for (int i = 0; i < OCSP_resp_count(basic); ++i) {
    OCSP_SINGLERESP* single = OCSP_resp_get0(basic, i);
    auto* id = const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single));
    ASN1_OBJECT* digest = nullptr;
    OCSP_id_get0_info(nullptr, &digest, nullptr, nullptr, id);
    const EVP_MD* hash = EVP_get_digestbyobj(digest);
    if (hash == nullptr) continue;
    const IdPtr wanted(OCSP_cert_to_id(hash, leaf, issuer));
    if (wanted != nullptr && OCSP_id_cmp(wanted.get(), id) == 0) return single;
  }
  return nullptr;
}

// By the issuer, or by a responder the issuer has delegated this to.
bool is_signed_by(OCSP_BASICRESP* basic, X509* issuer) {
  const StorePtr store(X509_STORE_new());
  const X509StackPtr others(sk_X509_new_null());
  if (store == nullptr || others == nullptr || X509_STORE_add_cert(store.get(), issuer) != 1)
    return false;
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  X509_up_ref(issuer);
  if (sk_X509_push(others.get(), issuer) == 0) {
    X509_free(issuer);
    return false;
  }
  return OCSP_basic_verify(basic, others.get(), store.get(), 0) == 1;
}

Result<base::WallTime> end_of(OCSP_SINGLERESP* single, base::WallTime now) {
  ASN1_GENERALIZEDTIME* from = nullptr;
  ASN1_GENERALIZEDTIME* until = nullptr;
  const int status = OCSP_single_get0_status(single, nullptr, nullptr, &from, &until);
  if (status != V_OCSP_CERTSTATUS_GOOD)
    return fail(Errc::invalid, "says that the certificate is {}", OCSP_cert_status_str(status));
  if (from == nullptr || to_wall_time(from) > now + kStapleSkew)
    return fail(Errc::invalid, "is not valid yet");
  if (until == nullptr) return fail(Errc::invalid, "does not say until when it is valid");
  const base::WallTime end = to_wall_time(until);
  if (end <= now) return fail(Errc::invalid, "expired on {}", format_time(end));
  return end;
}

}  // namespace

Result<StaplePtr> parse_staple(std::string_view der, const Chain& chain, base::WallTime now) {
  X509* issuer = issuer_of(chain);
  if (issuer == nullptr)
    return fail(Errc::invalid,
                "cannot be verified: the chain does not hold the issuer of its certificate");
  auto basic = parse_response(der);
  ERR_clear_error();
  if (!basic) return basic.error();
  OCSP_SINGLERESP* single = find_single(basic->get(), chain.leaf.get(), issuer);
  if (single == nullptr) return fail(Errc::invalid, "is about another certificate");
  const bool is_signed = is_signed_by(basic->get(), issuer);
  ERR_clear_error();
  if (!is_signed) return fail(Errc::invalid, "is not signed by who may say so");
  const auto end = end_of(single, now);
  if (!end) return end.error();
  return std::make_shared<const Staple>(Staple{std::string(der), *end});
}

}  // namespace ravelin::certs
