// Serving what is there already or comes from elsewhere: roll_back() and import_certificate().
#include "certs/rotate/check_generation.h"
#include "certs/rotate/serve.h"
#include "certs/store/revoked_serials.h"

namespace ravelin::certs {

using base::Errc;
using base::fail;

Result<> check_older(const RotationParts& parts, const std::string& name,
                     const GenerationInfo& info) {
  const auto revoked = parts.store.revoked_keys();
  if (!revoked) return revoked.error();
  if (info.not_after() <= now_of(parts))
    return fail(Errc::invalid, "generation {} ended on {}: rotate instead", info.number,
                format_time(info.not_after()));
  if (has_revoked_key(info, *revoked))
    return fail(Errc::invalid, "E_KEY_COMPROMISED: generation {} has a revoked key: rotate instead",
                info.number);
  const auto taken_back = revoked_serials(parts.store.paths());
  if (!taken_back) return taken_back.error();
  if (has_revoked_serial(info, *taken_back))
    return fail(Errc::invalid, "generation {} was revoked at its CA: rotate instead", info.number);
  // Its files may have been damaged since: what is served now is better than what nobody can serve.
  auto generation = parts.store.generation(name, info.number);
  if (!generation) return generation.error();
  const auto want = parts.store.want(name);
  const PairUse use = want && want->profile == "client" ? PairUse::client : PairUse::server;
  const auto checked = check_generation(*generation, {{}, *revoked, use, parts.now()});
  if (!checked) return checked.error();
  return {};
}

Result<GenerationInfo> roll_back(const RotationParts& parts, const std::string& name,
                                 std::uint64_t number, const std::string& by) {
  auto state = parts.store.state(name);
  if (!state) return state.error();
  auto lease = parts.store.lease(name, "rollback");
  if (!lease) return lease.error();
  state = parts.store.state(name);
  if (!state) return state.error();
  if (number == 0) number = state->previous;
  if (number == 0)
    return fail(Errc::invalid, "certificate \"{}\" has no generation before {}", name,
                state->current);
  if (number == state->current)
    return fail(Errc::invalid, "generation {} of \"{}\" is served already", number, name);
  auto info = parts.store.info(name, number);
  if (!info) return info.error();
  if (auto checked = check_older(parts, name, *info); !checked) return checked.error();
  if (auto published = parts.store.publish(**lease, name, number); !published)
    return published.error();
  note_event(parts, name, "rollback", number, by,
             fmt::format("generation {} -> {}", state->current, number));
  return info;
}

Result<std::vector<PairFinding>> check_import(const RotationParts& parts, const std::string& name,
                                              Generation& generation) {
  if (auto checked = check_name(name); !checked) return checked.error();
  const auto revoked = parts.store.revoked_keys();
  if (!revoked) return revoked.error();
  generation.info.names = {name};
  return check_generation(generation, {{name}, *revoked, PairUse::server, parts.now()});
}

Result<RotationResult> import_certificate(const RotationParts& parts, const std::string& name,
                                          Generation generation, const std::string& by) {
  generation.info.issuer = kImported;
  generation.info.reason = "import";
  generation.info.by = by;
  generation.info.node = this_process({}).node;
  generation.info.made = now_of(parts);
  const auto checked = check_import(parts, name, generation);
  if (!checked) return checked.error();
  auto lease = parts.store.lease(name, "import");
  if (!lease) return lease.error();
  Want want{.names = generation.info.names, .keys = {}};
  for (const PairSlot slot : kPairSlots)
    if (generation.info.facts(slot)) want.keys.push_back(generation.info.facts(slot)->key);
  const auto known = parts.store.want(name);
  if (!known || known->issuers.empty())
    if (auto kept = parts.store.set_want(**lease, name, want); !kept) return kept.error();
  const auto state = parts.store.state(name);
  if (!state) return state.error();
  auto info = serve(parts, **lease, name, generation);
  if (!info) return info.error();
  note_event(parts, name, "import", info->number, by,
             fmt::format("generation {} -> {}", state->current, info->number));
  return RotationResult{state->current, std::move(*info)};
}

}  // namespace ravelin::certs
