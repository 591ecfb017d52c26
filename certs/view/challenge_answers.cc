#include "certs/view/challenge_answers.h"

#include "base/address.h"
#include "certs/build_certificate.h"
#include "certs/issuer/private_key.h"

#include <openssl/sha.h>

#include <array>

namespace ravelin::certs {
namespace {

using namespace std::chrono_literals;
using base::Errc;
using base::fail;

// id-pe-acmeIdentifier: the digest as an OCTET STRING, critical.
Result<> add_acme_identifier(X509* certificate, std::string_view key_authorization) {
  std::array<unsigned char, 2 + SHA256_DIGEST_LENGTH> value{V_ASN1_OCTET_STRING,
                                                            SHA256_DIGEST_LENGTH};
  SHA256(reinterpret_cast<const unsigned char*>(key_authorization.data()), key_authorization.size(),
         value.data() + 2);
  const base::Handle<ASN1_OBJECT, ASN1_OBJECT_free> id(OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1));
  const base::Handle<ASN1_OCTET_STRING, ASN1_STRING_free> bytes(ASN1_OCTET_STRING_new());
  ASN1_OCTET_STRING_set(bytes.get(), value.data(), static_cast<int>(value.size()));
  const base::Handle<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509_EXTENSION_create_by_OBJ(nullptr, id.get(), 1, bytes.get()));
  if (extension == nullptr || X509_add_ext(certificate, extension.get(), -1) != 1)
    return fail(Errc::tls, "adding the ACME identifier: {}", take_openssl_error());
  return {};
}

}  // namespace

std::string challenge_server_name(const std::string& name) {
  const auto address = base::parse_ip(name);
  if (!address) return name;
  std::string text;
  const bool is_v4 = address->family == base::Family::ipv4;
  for (std::size_t i = is_v4 ? 4 : 16; i-- > 0;) {
    const unsigned byte = address->bytes[i];
    text += is_v4 ? fmt::format("{}.", byte) : fmt::format("{:x}.{:x}.", byte & 0xFU, byte >> 4U);
  }
  return text + (is_v4 ? "in-addr.arpa" : "ip6.arpa");
}

Result<PairPtr> challenge_certificate(const Challenge& challenge) {
  auto key = generate_key(KeyKind::p256);
  if (!key) return key.error();
  const auto names = general_names(std::span(&challenge.name, 1));
  if (!names) return names.error();
  const base::WallTime now = base::wall_now();
  X509Ptr certificate = blank_certificate(key->get(), now - 1h, now + 24h);
  set_common_name(X509_get_subject_name(certificate.get()), "ACME challenge");
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  add_alternative_names(certificate.get(), names->get(), Critical::no);
  if (auto added = add_acme_identifier(certificate.get(), challenge.key_authorization); !added)
    return added.error();
  if (auto is_signed = sign_certificate(certificate.get(), key->get()); !is_signed)
    return is_signed.error();
  auto chain = parse_chain(to_pem(certificate.get()), "challenge");
  if (!chain) return chain.error();
  return PairPtr(
      std::make_shared<const CertificatePair>(CertificatePair{std::move(*chain), std::move(*key)}));
}

ChallengeAnswers::ChallengeAnswers(std::span<const Challenge> challenges, std::uint64_t revision)
    : revision_(revision) {
  for (const Challenge& challenge : challenges) {
    if (challenge.type == ChallengeType::tls_alpn_01) {
      auto made = challenge_certificate(challenge);
      if (!made) continue;
      by_name_.insert_or_assign(challenge_server_name(challenge.name), std::move(*made));
    }
    by_token_.insert_or_assign(challenge.token,
                               ByToken{challenge.type, challenge.key_authorization});
  }
}

std::string_view ChallengeAnswers::for_path(std::string_view path) const {
  if (!path.starts_with(kChallengePath)) return {};
  const auto found = by_token_.find(path.substr(kChallengePath.size()));
  if (found == by_token_.end() || found->second.type != ChallengeType::http_01) return {};
  return found->second.key_authorization;
}

PairPtr ChallengeAnswers::for_name(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

bool ChallengeAnswers::has_token(std::string_view token) const {
  return by_token_.contains(token);
}

}  // namespace ravelin::certs
