#include "certs/rotate/revoke_generation.h"

#include "certs/ca/records.h"
#include "certs/store/revoked_serials.h"

#include <algorithm>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

std::vector<std::string> keys_of(const GenerationInfo& info) {
  std::vector<std::string> keys;
  for (const PairSlot slot : kPairSlots)
    if (info.facts(slot)) keys.push_back(info.facts(slot)->spki_sha256);
  return keys;
}

bool share_a_key(const GenerationInfo& a, const GenerationInfo& b) {
  const std::vector<std::string> others = keys_of(b);
  return std::ranges::any_of(keys_of(a), [&](const std::string& key) {
    return std::ranges::find(others, key) != others.end();
  });
}

Result<std::uint64_t> choose(const CertificateState& state, const RevocationRequest& request) {
  if (request.number != 0) return request.number;
  if (state.previous != 0) return state.previous;
  return fail(Errc::invalid,
              "certificate \"{}\" has no generation before {}: say which with --generation",
              request.name, state.current);
}

// Nobody is left without a certificate by an oversight.
Result<> check_unserved(const RotationParts& parts, const CertificateState& state,
                        const GenerationInfo& info, const RevocationRequest& request) {
  if (request.is_forced || state.current == 0) return {};
  const std::string remedy = fmt::format(
      "rotate first (ravelin certs rotate {}{}), or --force", request.name,
      request.reason == RevocationReason::key_compromise ? " --because key-compromise" : "");
  if (info.number == state.current)
    return fail(Errc::invalid, "generation {} of \"{}\" is the one served: {}", info.number,
                request.name, remedy);
  if (request.reason != RevocationReason::key_compromise) return {};
  const auto served = parts.store.info(request.name, state.current);
  if (served && share_a_key(info, *served))
    return fail(Errc::invalid, "generation {} of \"{}\", which is served, has the same key: {}",
                state.current, request.name, remedy);
  return {};
}

Result<> revoke_at_issuer(const RotationParts& parts, const Generation& generation,
                          const RevocationRequest& request, const std::stop_token& stop,
                          RevocationResult& result) {
  const std::string& issuer_name = generation.info.issuer;
  Issuer* issuer = parts.find_issuer(issuer_name);
  if (issuer == nullptr)
    return fail(Errc::invalid, "issuer \"{}\", who signed it, is not configured", issuer_name);
  for (const PairSlot slot : kPairSlots) {
    if (!generation.texts(slot)) continue;
    // First, as with keys: what nobody goes back to does no harm when the CA fails.
    const std::string& serial = generation.info.facts(slot)->serial;
    if (auto noted = add_revoked_serial(parts.store.paths(), serial); !noted) return noted;
    if (auto done = issuer->revoke(generation.texts(slot)->chain, request.reason, stop); !done)
      return base::wrap(
          done.error(),
          fmt::format("{}issuer {}",
                      request.reason == RevocationReason::key_compromise
                          ? ""
                          : "nothing goes back to it, but the certificate is not yet revoked: ",
                      issuer_name));
    result.serials.push_back(serial);
    if (parts.progress)
      parts.progress(fmt::format("serial {} is revoked at {}", result.serials.back(), issuer_name));
  }
  return {};
}

Result<> revoke_keys(const RotationParts& parts, const GenerationInfo& info,
                     RevocationResult& result) {
  const auto known = parts.store.revoked_keys();
  if (!known) return known.error();
  for (std::string& key : keys_of(info)) {
    if (!known->contains(key))
      if (auto done = parts.store.revoke_key(key); !done) return done;
    result.keys.push_back(std::move(key));
  }
  if (parts.progress)
    parts.progress(fmt::format("{} keys are never served again", result.keys.size()));
  return {};
}

Result<> run(const RotationParts& parts, const Generation& generation,
             const RevocationRequest& request, const std::stop_token& stop,
             RevocationResult& result) {
  const bool is_compromised = request.reason == RevocationReason::key_compromise;
  if (is_compromised)
    if (auto done = revoke_keys(parts, generation.info, result); !done) return done;
  if (generation.info.issuer == kImported) {
    if (is_compromised) return {};
    return fail(Errc::invalid,
                "generation {} was imported: the CA it came from has to take it back (for a key in "
                "other hands --reason key-compromise keeps it from being served)",
                generation.info.number);
  }
  auto done = revoke_at_issuer(parts, generation, request, stop, result);
  if (!done && is_compromised)
    return base::wrap(done.error(),
                      "its keys are never served again, but the certificate is not yet revoked");
  return done;
}

}  // namespace

Result<RevocationResult> revoke_generation(const RotationParts& parts,
                                           const RevocationRequest& request,
                                           const std::stop_token& stop) {
  if (auto known = parts.store.state(request.name); !known) return known.error();
  auto lease = parts.store.lease(request.name, "revoke");
  if (!lease) return lease.error();
  const auto state = parts.store.state(request.name);
  if (!state) return state.error();
  const auto number = choose(*state, request);
  if (!number) return number.error();
  const auto generation = parts.store.generation(request.name, *number);
  if (!generation) return generation.error();
  if (auto checked = check_unserved(parts, *state, generation->info, request); !checked)
    return checked.error();
  RevocationResult result{.number = *number, .issuer = generation->info.issuer};
  const auto done = run(parts, *generation, request, stop, result);
  const auto now = std::chrono::floor<std::chrono::seconds>(parts.now());
  if (done || !result.serials.empty() || !result.keys.empty())
    parts.store.note(request.name,
                     {now, "revoke", state->current, request.by, this_process({}).node,
                      fmt::format("generation {}, {}: {}", *number, text_of(request.reason),
                                  done ? fmt::format("{} certificates, {} keys",
                                                     result.serials.size(), result.keys.size())
                                       : done.error().message)});
  if (!done) return done.error();
  return result;
}

}  // namespace ravelin::certs
