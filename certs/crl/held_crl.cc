#include "certs/crl/held_crl.h"

#include "base/check.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <map>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kNumberDigitsMax = 40;  // 20 bytes, RFC 5280 section 5.2.3

// The DER of an OpenSSL value; `encode` is its i2d function.
template <class Value, class Encode>
std::string der_of(const Value* value, Encode encode) {
  unsigned char* bytes = nullptr;
  const int size = encode(value, &bytes);
  if (size <= 0) return {};
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

std::string hex_digest(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
  std::string text;
  for (unsigned int i = 0; i < size; ++i)
    text += fmt::format("{:02x}", digest[i]);
  return text;
}

std::string number_of(const X509_CRL* crl) {
  const base::Handle<ASN1_INTEGER, ASN1_INTEGER_free> number(
      static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(crl, NID_crl_number, nullptr, nullptr)));
  if (number == nullptr) return {};
  const base::Handle<BIGNUM, BN_free> value(ASN1_INTEGER_to_BN(number.get(), nullptr));
  if (value == nullptr || BN_is_negative(value.get())) return {};
  char* digits = BN_bn2hex(value.get());
  std::string text = digits == nullptr ? "" : digits;
  OPENSSL_free(digits);
  return text;
}

// Of the part of its certificates that a list is about; "" = all.
std::string scope_of(const X509_CRL* crl) {
  const int at = X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1);
  if (at < 0) return {};
  return der_of(X509_EXTENSION_get_data(X509_CRL_get_ext(crl, at)), i2d_ASN1_OCTET_STRING);
}

bool is_understood(const X509_EXTENSION* extension) {
  const int nid = OBJ_obj2nid(X509_EXTENSION_get_object(const_cast<X509_EXTENSION*>(extension)));
  return nid == NID_issuing_distribution_point || nid == NID_authority_key_identifier ||
         nid == NID_crl_number;
}

}  // namespace

CrlAuthority authority_of(X509* certificate) {
  const std::string name = der_of(X509_get_subject_name(certificate), i2d_X509_NAME);
  const CertificateInfo info = describe(certificate);
  return {share(certificate), hex_digest(name + info.spki_sha256), info.subject};
}

Result<std::vector<CrlAuthority>> parse_authorities(std::string_view pem, std::string_view name) {
  const auto certificates = parse_bundle(pem, name);
  if (!certificates) return certificates.error();
  std::vector<CrlAuthority> all;
  all.reserve(certificates->size());
  for (const X509Ptr& certificate : *certificates)
    all.push_back(authority_of(certificate.get()));
  return all;
}

CrlFacts describe_crl(const X509_CRL* crl) {
  CrlFacts facts;
  const base::Handle<BIO, BIO_free_all> out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), X509_CRL_get_issuer(crl), 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  if (size > 0) facts.issuer.assign(text, static_cast<std::size_t>(size));
  facts.number = number_of(crl);
  if (const ASN1_TIME* time = X509_CRL_get0_lastUpdate(crl)) facts.this_update = to_wall_time(time);
  if (const ASN1_TIME* time = X509_CRL_get0_nextUpdate(crl)) facts.next_update = to_wall_time(time);
  facts.sha256 = hex_digest(der_of(crl, i2d_X509_CRL));
  const auto* revoked = X509_CRL_get_REVOKED(const_cast<X509_CRL*>(crl));
  facts.revoked = revoked == nullptr ? 0 : static_cast<std::size_t>(sk_X509_REVOKED_num(revoked));
  ERR_clear_error();
  return facts;
}

Result<std::vector<CrlPtr>> parse_crl_answer(std::string_view bytes, std::string_view name) {
  if (bytes.size() > kCrlBytesMax)
    return fail(Errc::invalid, "{}: is larger than {} bytes", name, kCrlBytesMax);
  if (bytes.starts_with("-----BEGIN ")) {
    auto lists = parse_crls(bytes, name);
    if (lists && lists->size() > kCrlsPerAnswerMax)
      return fail(Errc::invalid, "{}: has {} CRLs (at most {})", name, lists->size(),
                  kCrlsPerAnswerMax);
    return lists;
  }
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* const end = at + bytes.size();
  CrlPtr crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(bytes.size())));
  ERR_clear_error();
  if (crl == nullptr) return fail(Errc::invalid, "{}: is no CRL in DER or PEM", name);
  if (at != end) return fail(Errc::invalid, "{}: has bytes after the end of the CRL", name);
  std::vector<CrlPtr> lists;
  lists.push_back(std::move(crl));
  return lists;
}

Result<const CrlAuthority*> find_signer(X509_CRL* crl, std::span<const CrlAuthority> all) {
  bool has_name = false;
  for (const CrlAuthority& authority : all) {
    X509* ca = authority.certificate.get();
    if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(ca)) != 0) continue;
    has_name = true;
    const bool is_signed = X509_CRL_verify(crl, X509_get0_pubkey(ca)) == 1;
    ERR_clear_error();
    if (!is_signed) continue;
    // Without a keyUsage extension all bits are set.
    if ((X509_get_key_usage(ca) & KU_CRL_SIGN) == 0)
      return fail(Errc::invalid, "a CRL is signed by \"{}\", whose keyUsage does not allow it to",
                  authority.subject);
    return &authority;
  }
  if (!has_name) return nullptr;
  return fail(Errc::invalid, "a CRL names \"{}\", but its signature is not that CA's",
              describe_crl(crl).issuer);
}

Result<> check_crl_form(X509_CRL* crl, const CrlFacts& facts) {
  if (!facts.next_update)
    return fail(Errc::invalid, "a CRL of \"{}\" has no nextUpdate", facts.issuer);
  if (*facts.next_update <= facts.this_update)
    return fail(Errc::invalid, "a CRL of \"{}\" has a nextUpdate that is not after its thisUpdate",
                facts.issuer);
  if (facts.number.size() > kNumberDigitsMax)
    return fail(Errc::invalid, "a CRL of \"{}\" has a number of more than 20 bytes", facts.issuer);
  if (X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0)
    return fail(Errc::invalid, "a CRL of \"{}\" is a delta: the whole list is needed",
                facts.issuer);
  for (int i = 0; i < X509_CRL_get_ext_count(crl); ++i) {
    const X509_EXTENSION* extension = X509_CRL_get_ext(crl, i);
    if (X509_EXTENSION_get_critical(extension) == 0 || is_understood(extension)) continue;
    return fail(Errc::invalid, "a CRL of \"{}\" has a critical extension that is not understood",
                facts.issuer);
  }
  return {};
}

HeldCrlPtr hold_crl(CrlPtr crl, const CrlAuthority& signer, std::string place) {
  auto held = std::make_shared<HeldCrl>();
  held->facts = describe_crl(crl.get());
  held->authority = signer.id;
  held->slot = hex_digest(signer.id + scope_of(crl.get()));
  held->place = std::move(place);
  held->crl = std::move(crl);
  // The first lookup sorts the entries: before threads share them.
  const base::Handle<ASN1_INTEGER, ASN1_INTEGER_free> serial(ASN1_INTEGER_new());
  X509_REVOKED* found = nullptr;
  X509_CRL_get0_by_serial(held->crl.get(), &found, serial.get());
  return held;
}

bool revokes_more(std::span<const HeldCrlPtr> before, std::span<const HeldCrlPtr> after) {
  const auto is_known = [&](const HeldCrl& list, const X509_REVOKED* entry) {
    return std::ranges::any_of(before, [&](const HeldCrlPtr& old) {
      X509_REVOKED* found = nullptr;
      return old->authority == list.authority &&
             X509_CRL_get0_by_serial(old->crl.get(), &found,
                                     X509_REVOKED_get0_serialNumber(entry)) == 1;
    });
  };
  for (const HeldCrlPtr& list : after) {
    const auto* entries = X509_CRL_get_REVOKED(list->crl.get());
    const int count = entries == nullptr ? 0 : sk_X509_REVOKED_num(entries);
    for (int i = 0; i < count; ++i)
      if (!is_known(*list, sk_X509_REVOKED_value(entries, i))) return true;
  }
  return false;
}

std::optional<base::WallTime> first_end(std::span<const HeldCrlPtr> lists) {
  std::optional<base::WallTime> first;
  for (const HeldCrlPtr& list : lists)
    if (const auto end = list->facts.next_update; end && (!first || *end < *first)) first = end;
  return first;
}

std::vector<HeldCrlPtr> newest_of(std::span<const HeldCrlPtr> one,
                                  std::span<const HeldCrlPtr> other) {
  std::map<std::string, HeldCrlPtr, std::less<>> newest;
  for (const auto lists : {one, other}) {
    for (const HeldCrlPtr& list : lists) {
      const auto [place, is_new] = newest.try_emplace(list->slot, list);
      // That its day has come was looked at when it was taken.
      const auto verdict = judge_crl(&place->second->facts, list->facts, list->facts.this_update);
      if (!is_new && verdict == CrlVerdict::newer) place->second = list;
    }
  }
  std::vector<HeldCrlPtr> all;
  all.reserve(newest.size());
  for (auto& [slot, list] : newest)
    all.push_back(std::move(list));
  return all;
}

}  // namespace ravelin::certs
