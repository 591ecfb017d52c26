#include "certs/view/held_certificate.h"

#include <algorithm>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

Result<std::string> key_der(std::string_view pem, std::string_view what) {
  auto blocks = decode_pem(pem, what);
  if (!blocks) return blocks.error();
  if (blocks->size() != 1 || blocks->front().label != PEM_STRING_PKCS8INF)
    return fail(Errc::invalid, "{}: is not one private key in PKCS#8", what);
  return blocks->front().der;
}

Result<> check_revoked(const GenerationInfo& info, const RevokedKeys& revoked) {
  if (!has_revoked_key(info, revoked)) return {};
  return fail(Errc::denied,
              "E_KEY_COMPROMISED: generation {} has a revoked key: ravelin certs rotate {}",
              info.number, info.names.front());
}

}  // namespace

bool has_revoked_key(const GenerationInfo& info, const RevokedKeys& revoked) {
  return std::ranges::any_of(kPairSlots, [&](PairSlot slot) {
    return info.facts(slot) && revoked.contains(info.facts(slot)->spki_sha256);
  });
}

Result<HeldPtr> to_held(const std::string& name, const Generation& generation, std::uint64_t id,
                        KeyReading keys) {
  auto held = std::make_shared<HeldCertificate>();
  held->id = id;
  // All texts first: what views them must not be moved by the next.
  std::vector<std::string>& texts = held->texts;
  texts.push_back(name);
  texts.insert(texts.end(), generation.info.names.begin(), generation.info.names.end());
  std::vector<std::size_t> first;  // of each slot
  for (const PairSlot slot : kPairSlots) {
    first.push_back(texts.size());
    const auto& pair = generation.texts(slot);
    if (!pair) continue;
    const std::string what =
        fmt::format("{} generation {}: {}", name, generation.info.number, chain_file(slot));
    auto key = keys == KeyReading::here ? key_der(pair->key, what) : std::string();
    if (!key) return key.error();
    texts.push_back(std::move(*key));
    auto blocks = decode_pem(pair->chain, what);
    if (!blocks) return blocks.error();
    for (PemBlock& block : *blocks)
      texts.push_back(std::move(block.der));
  }
  first.push_back(texts.size());
  IndexEntry& entry = held->entry;
  entry.name = texts.front();
  entry.names.assign(texts.begin() + 1,
                     texts.begin() + 1 + static_cast<std::ptrdiff_t>(generation.info.names.size()));
  entry.generation = generation.info.number;
  entry.not_after = generation.info.not_after();
  for (std::size_t i = 0; i < kPairSlots.size(); ++i) {
    if (first[i] == first[i + 1]) continue;
    PairBytes pair;
    pair.key = texts[first[i]];
    pair.chain.assign(texts.begin() + static_cast<std::ptrdiff_t>(first[i]) + 1,
                      texts.begin() + static_cast<std::ptrdiff_t>(first[i + 1]));
    entry.pair(kPairSlots[i]) = std::move(pair);
  }
  return HeldPtr(std::move(held));
}

Result<HeldPtr> read_held(const StoreDir& store, const std::string& name,
                          const RevokedKeys& revoked, std::uint64_t id, KeyReading keys) {
  const auto state = store.state(name);
  if (!state && state.error().code == Errc::not_found) return HeldPtr();
  if (!state) return state.error();
  if (state->current == 0) return HeldPtr();
  const auto generation = store.generation(name, state->current, keys);
  if (!generation) return generation.error();
  if (auto checked = check_revoked(generation->info, revoked); !checked) return checked.error();
  return to_held(name, *generation, id, keys);
}

}  // namespace ravelin::certs
