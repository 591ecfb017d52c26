#include "certs/rotate/check_generation.h"

#include "certs/self_handshake.h"

#include <algorithm>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

std::string key_text(const CertificateInfo& info) {
  if (info.key_type == KeyType::rsa) return fmt::format("rsa{}", info.key_bits);
  return fmt::format("p{}", info.key_bits);
}

PairFacts facts_of(const CertificateInfo& info, std::string order) {
  return {.key = key_text(info),
          .serial = info.serial,
          .issuer_name = info.issuer,
          .spki_sha256 = info.spki_sha256,
          .not_before = std::chrono::floor<std::chrono::seconds>(info.not_before),
          .not_after = std::chrono::floor<std::chrono::seconds>(info.not_after),
          .order = std::move(order)};
}

std::vector<std::string> names_of(const CertificateInfo& info) {
  std::vector<std::string> names = info.dns_names;
  names.reserve(names.size() + info.ip_names.size());
  for (const base::IpAddress& address : info.ip_names)
    names.push_back(base::to_string(address));
  return names;
}

Result<PairPtr> parse(const PairTexts& texts, PairSlot slot) {
  auto chain = parse_chain(texts.chain, chain_file(slot));
  if (!chain) return fail(Errc::invalid, "E_CERT_PARSE: {}", chain.error().message);
  auto key = parse_key(texts.key, key_file(slot));
  if (!key) return fail(Errc::invalid, "E_KEY_PARSE: {}", key.error().message);
  const bool is_rsa = chain->info.key_type == KeyType::rsa;
  if (is_rsa != (slot == PairSlot::rsa))
    return fail(Errc::invalid, "E_KEY_WEAK: {}: its key is of another type", chain_file(slot));
  return PairPtr(
      std::make_shared<const CertificatePair>(CertificatePair{std::move(*chain), std::move(*key)}));
}

// The slot's findings, and its place in `pairs`.
Result<> check_pair(Generation& generation, PairSlot slot, const CheckRules& rules, PairSet& pairs,
                    std::vector<PairFinding>& findings) {
  const auto& texts = generation.texts(slot);
  if (!texts) return {};
  auto pair = parse(*texts, slot);
  if (!pair) return pair.error();
  const CertificateInfo& info = (*pair)->chain.info;
  if (rules.revoked.contains(info.spki_sha256))
    return fail(Errc::invalid,
                "E_KEY_COMPROMISED: the key of {} was revoked and is never served again: use a "
                "new key",
                chain_file(slot));
  PairNames names{chain_file(slot), key_file(slot), {}, rules.use};
  // Addresses are compared as addresses, below.
  for (const std::string& name : rules.wanted)
    if (!base::parse_ip(name)) names.wanted.push_back(name);
  for (PairFinding& finding : validate_pair((*pair)->chain, (*pair)->key.get(), names, rules.now))
    findings.push_back(std::move(finding));
  const std::vector<std::string> covered = names_of(info);
  for (const std::string& name : rules.wanted)
    if (base::parse_ip(name) && std::ranges::find(covered, name) == covered.end())
      return fail(Errc::invalid, "E_SAN_COVERAGE: {}: does not cover {}", chain_file(slot), name);
  std::string order = generation.info.facts(slot) ? generation.info.facts(slot)->order : "";
  generation.info.facts(slot) = facts_of(info, std::move(order));
  // The certificate's own name stays the first.
  for (const std::string& name : covered)
    if (std::ranges::find(generation.info.names, name) == generation.info.names.end())
      generation.info.names.push_back(name);
  generation.texts(slot) = PairTexts(to_pem((*pair)->chain), key_to_pem((*pair)->key.get()));
  (slot == PairSlot::rsa ? pairs.rsa : pairs.ec) = std::move(*pair);
  return {};
}

// Names, and one that only a wildcard of it covers.
bool has_name(const CertificateInfo& info, const std::string& name) {
  const std::vector<std::string> covered = names_of(info);
  return std::ranges::find(covered, name) != covered.end() || covers(info, name);
}

}  // namespace

Result<std::vector<PairFinding>> check_generation(Generation& generation, const CheckRules& rules) {
  std::vector<PairFinding> findings;
  PairSet pairs;
  for (const PairSlot slot : kPairSlots)
    if (auto checked = check_pair(generation, slot, rules, pairs, findings); !checked)
      return checked.error();
  if (pairs.is_empty()) return fail(Errc::invalid, "E_CERT_PARSE: there is no certificate");
  if (has_errors(findings)) {
    std::erase_if(findings, [](const PairFinding& finding) {
      return finding.severity == base::Severity::warning;
    });
    return fail(Errc::invalid, "{}", to_string(findings));
  }
  // What both pairs cover is what any client can be given.
  for (const PairPtr& pair : {pairs.ec, pairs.rsa}) {
    if (pair == nullptr) continue;
    std::erase_if(generation.info.names,
                  [&pair](const std::string& name) { return !has_name(pair->chain.info, name); });
  }
  if (rules.use == PairUse::client) return findings;
  if (auto shaken = shake_hands(pairs, generation.info.names, rules.now); !shaken)
    return fail(Errc::invalid, "E_HANDSHAKE: {}", shaken.error().message);
  return findings;
}

}  // namespace ravelin::certs
