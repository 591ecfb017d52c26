#include "certs/rotate/replacement.h"

#include "certs/acme/renewal_info.h"

#include <algorithm>

namespace ravelin::certs {

bool may_replace(const GenerationInfo& served, std::span<const GenerationInfo> kept,
                 std::string_view issuer) {
  return served.issuer == issuer && std::ranges::none_of(kept, [&](const GenerationInfo& other) {
           return other.number > served.number && other.issuer == issuer;
         });
}

std::vector<GenerationInfo> kept_generations(const StoreDir& store, const std::string& name) {
  std::vector<GenerationInfo> kept;
  const auto state = store.state(name);
  if (!state) return kept;
  kept.reserve(state->generations.size());
  for (const std::uint64_t number : state->generations)
    if (auto info = store.info(name, number); info) kept.push_back(std::move(*info));
  return kept;
}

std::string replaced_id(const StoreDir& store, const std::string& name, PairSlot slot,
                        std::string_view issuer) {
  const auto state = store.state(name);
  if (!state || state->current == 0) return {};
  const auto served = store.generation(name, state->current);
  if (!served || !may_replace(served->info, kept_generations(store, name), issuer)) return {};
  const auto& texts = served->texts(slot);
  if (!texts) return {};
  const auto chain = parse_chain(texts->chain, "the certificate that is served");
  if (!chain) return {};
  auto id = acme::certificate_id(chain->leaf.get());
  return id ? std::move(*id) : std::string();
}

}  // namespace ravelin::certs
