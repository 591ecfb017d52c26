// The rules of one pair in order: key, leaf, names. Those of the chain are in validate_chain.cc.
#include "certs/validate_pair.h"

#include "certs/validate_chain.h"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

namespace ravelin::certs {
namespace {

using base::Severity;

constexpr std::array<std::string_view, static_cast<std::size_t>(PairCode::count_)> kCodes{
    "E_FILE_UNREADABLE",    "E_KEY_PERMS",           "E_KEY_PARSE",
    "E_KEY_ENCRYPTED",      "E_KEY_PASSPHRASE",      "E_KEY_TOKEN",
    "E_KEY_PROCESS",        "E_KEY_MISMATCH",        "E_KEY_WEAK",
    "E_KEY_COMPROMISED",    "E_CERT_PARSE",          "E_CERT_EXPIRED",
    "E_CERT_NOT_YET_VALID", "E_CERT_IS_CA",          "E_CERT_USAGE",
    "E_CERT_SIGALG",        "E_CERT_NO_SAN",         "E_CERT_UNKNOWN_CRITICAL_EXT",
    "E_SAN_WILDCARD",       "E_SAN_COVERAGE",        "E_MUST_STAPLE_NO_OCSP",
    "E_CHAIN_MISSING",      "E_CHAIN_ORDER",         "E_CHAIN_WRONG_ISSUER",
    "E_CHAIN_DUP",          "E_CHAIN_ROOT_INCLUDED", "E_CHAIN_EXPIRED_INTERMEDIATE",
    "E_CHAIN_TOO_LONG",     "E_NAME_CONSTRAINTS",    "E_HANDSHAKE"};

constexpr auto kClockSkew = std::chrono::minutes(5);

void check_match(const Chain& chain, const EVP_PKEY* key, const PairNames& names, Findings& out) {
  if (EVP_PKEY_eq(X509_get0_pubkey(chain.leaf.get()), key) == 1) return;
  ERR_clear_error();
  out.error(PairCode::key_mismatch,
            "{}: is not the key of the certificate in {}: put the key made for this certificate "
            "there, or the certificate issued for this key",
            names.key_file, names.chain_file);
}

std::string curve_name(const EVP_PKEY* key) {
  char name[64] = "";
  std::size_t size = 0;
  EVP_PKEY_get_group_name(key, name, sizeof name, &size);
  return {name, size};
}

void check_rsa(const EVP_PKEY* key, const CertificateInfo& info, const PairNames& names,
               Findings& out) {
  if (info.key_bits < 2048)
    out.error(PairCode::key_weak, "{}: RSA key of {} bits (at least 2048): make a new key",
              names.chain_file, info.key_bits);
  BIGNUM* raw = nullptr;
  EVP_PKEY_get_bn_param(key, "e", &raw);
  const base::Handle<BIGNUM, BN_free> exponent(raw);
  if (exponent == nullptr || BN_num_bits(exponent.get()) < 17)
    out.error(PairCode::key_weak, "{}: RSA exponent is below 65537: make a new key",
              names.chain_file);
}

void check_strength(const Chain& chain, const PairNames& names, Findings& out) {
  const EVP_PKEY* key = X509_get0_pubkey(chain.leaf.get());
  if (chain.info.key_type == KeyType::rsa) return check_rsa(key, chain.info, names, out);
  if (chain.info.key_type == KeyType::ec) {
    const std::string curve = curve_name(key);
    if (curve == SN_X9_62_prime256v1 || curve == SN_secp384r1) return;
    if (curve == SN_secp521r1)
      return out.warn(PairCode::key_weak,
                      "{}: P-521 keys are refused by many clients: use P-256 or P-384",
                      names.chain_file);
    return out.error(PairCode::key_weak, "{}: key on the curve {}: use P-256 or P-384",
                     names.chain_file, curve.empty() ? "(explicit)" : curve);
  }
  const char* type = EVP_PKEY_get0_type_name(key);
  out.error(PairCode::key_weak, "{}: {} keys are not served: use P-256, P-384 or RSA (2048 bits)",
            names.chain_file, type == nullptr ? "unknown" : type);
}

void check_dates(const CertificateInfo& info, const PairNames& names, base::WallTime now,
                 Findings& out) {
  if (info.not_after <= now)
    out.error(PairCode::cert_expired, "{}: expired on {}: renew the certificate", names.chain_file,
              format_time(info.not_after));
  if (info.not_before > now + kClockSkew)
    out.error(PairCode::cert_not_yet_valid,
              "{}: is not valid before {}: wait, or check this machine's clock", names.chain_file,
              format_time(info.not_before));
}

bool has_weak_digest(X509* certificate) {
  int digest = NID_undef;
  X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr);
  return digest == NID_sha1 || digest == NID_md5 || digest == NID_md5_sha1;
}

void check_usage(const Chain& chain, const PairNames& names, Findings& out) {
  X509* leaf = chain.leaf.get();
  if (chain.info.is_ca) {
    if (chain.info.is_self_signed)
      out.warn(PairCode::cert_is_ca,
               "{}: is a self-signed CA certificate served as a leaf: whoever trusts it trusts "
               "everything its key signs; issue a leaf instead",
               names.chain_file);
    else
      out.error(PairCode::cert_is_ca,
                "{}: the first certificate is a CA (CA:TRUE): put the server's own first",
                names.chain_file);
  }
  const bool is_client = names.use == PairUse::client;
  const std::uint32_t needed = is_client ? XKU_SSL_CLIENT : XKU_SSL_SERVER;
  if ((X509_get_extended_key_usage(leaf) & (needed | XKU_ANYEKU)) == 0)
    out.error(PairCode::cert_usage, "{}: its extended key usage lacks {}: ask for a {} certificate",
              names.chain_file, is_client ? "clientAuth" : "serverAuth",
              is_client ? "client" : "server");
  if ((X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) == 0)
    out.error(PairCode::cert_usage,
              "{}: its key usage lacks digitalSignature, which TLS 1.3 and ECDHE need",
              names.chain_file);
  if ((X509_get_extension_flags(leaf) & EXFLAG_CRITICAL) != 0)
    out.error(PairCode::cert_critical_extension,
              "{}: has a critical extension that OpenSSL does not know: clients refuse it",
              names.chain_file);
  if (has_weak_digest(leaf))
    out.error(PairCode::cert_sigalg,
              "{}: is signed with MD5 or SHA-1: have it reissued with SHA-256", names.chain_file);
  if (!is_client && X509_get_ext_by_NID(leaf, NID_tlsfeature, -1) >= 0)
    out.warn(PairCode::must_staple,
             "{}: demands a stapled OCSP response (must-staple), which is not sent: some clients "
             "refuse it; reissue without",
             names.chain_file);
}

// "*" leftmost, once, alone in its label, with two labels behind it.
bool is_odd_wildcard(std::string_view name) {
  const std::size_t star = name.find('*');
  if (star == std::string_view::npos) return false;
  return !name.starts_with("*.") || name.find('*', 1) != std::string_view::npos ||
         name.find('.', 2) == std::string_view::npos;
}

void check_names(const CertificateInfo& info, const PairNames& names, Findings& out) {
  if (info.dns_names.empty() && info.ip_names.empty())
    out.error(PairCode::cert_no_san,
              "{}: names no host (subjectAltName is missing; the common name does not count): "
              "reissue it with its DNS names",
              names.chain_file);
  for (const auto& name : info.dns_names)
    if (is_odd_wildcard(name))
      out.warn(PairCode::san_wildcard,
               "{}: \"{}\" matches no host (one * in place of the whole first label, at least two "
               "labels below)",
               names.chain_file, name);
  std::string missing;
  for (const auto& name : names.wanted)
    if (!covers(info, name)) missing += (missing.empty() ? "" : ", ") + name;
  if (!missing.empty())
    out.error(PairCode::san_coverage, "{}: does not cover {}", names.chain_file, missing);
}

}  // namespace

std::string_view code_text(PairCode code) {
  return kCodes[static_cast<std::size_t>(code)];
}

void erase_finding(std::vector<PairFinding>& findings, PairCode code) {
  std::erase_if(findings, [code](const PairFinding& finding) { return finding.code == code; });
}

bool has_errors(const std::vector<PairFinding>& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const PairFinding& finding) {
    return finding.severity == Severity::error;
  });
}

std::string to_string(const std::vector<PairFinding>& findings) {
  std::string text;
  for (const auto& finding : findings)
    text +=
        fmt::format("{}{}: {}", text.empty() ? "" : "; ", code_text(finding.code), finding.message);
  return text;
}

bool covers(const CertificateInfo& info, std::string_view name) {
  const auto has = [&](std::string_view wanted) {
    return std::find(info.dns_names.begin(), info.dns_names.end(), wanted) != info.dns_names.end();
  };
  if (has(name)) return true;
  const std::size_t dot = name.find('.');
  return dot != std::string_view::npos && dot != 0 && has("*" + std::string(name.substr(dot)));
}

std::vector<PairFinding> validate_pair(const Chain& chain, const EVP_PKEY* key,
                                       const PairNames& names, base::WallTime now) {
  Findings out;
  check_match(chain, key, names, out);
  check_strength(chain, names, out);
  check_dates(chain.info, names, now, out);
  check_usage(chain, names, out);
  if (names.use == PairUse::server) check_names(chain.info, names, out);
  check_chain(chain, names, now, out);
  ERR_clear_error();
  return std::move(out.list);
}

}  // namespace ravelin::certs
