#include "certs/rotate/rotation.h"

#include "certs/issuer/csr.h"
#include "certs/issuer/private_key.h"
#include "certs/rotate/check_generation.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;
using std::chrono::floor;
using std::chrono::seconds;

// What the steps of one rotation share.
struct Work {
  const RotationParts& parts;
  const RotationRequest& request;
  Lease& lease;
  std::stop_token stop;
  std::uint64_t before = 0;

  template <class... Args>
  void tell(fmt::format_string<Args...> format, Args&&... args) const {
    if (parts.progress) parts.progress(fmt::format(format, std::forward<Args>(args)...));
  }
};

sys_seconds now_of(const RotationParts& parts) {
  return floor<seconds>(parts.now());
}

PairSlot slot_of(KeyKind kind) {
  return kind == KeyKind::p256 || kind == KeyKind::p384 ? PairSlot::ec : PairSlot::rsa;
}

// One key kind for each slot that is wanted.
using KeyKinds = std::array<std::optional<KeyKind>, kPairSlots.size()>;

Result<KeyKinds> kinds_of(const Want& want) {
  KeyKinds kinds;
  for (const std::string& word : want.keys) {
    const auto kind = parse_key_kind(word);
    if (!kind) return kind.error();
    auto& place = kinds[static_cast<std::size_t>(slot_of(*kind))];
    if (place)
      return fail(Errc::invalid, "keys: {} and {} are of one type; a certificate has one of each",
                  text_of(*place), word);
    place = *kind;
  }
  if (want.keys.empty()) return fail(Errc::invalid, "keys: at least one is needed");
  return kinds;
}

// A new key is the point of it: neither the old one nor an order that was begun before will do.
bool needs_new_key(const RotationRequest& request) {
  return request.reason == "key-compromise";
}

Result<> check_want(const Want& want, const std::string& name) {
  if (want.names.empty() || want.names.front() != name)
    return fail(Errc::invalid, "the names of \"{}\" do not begin with it", name);
  for (const std::string& each : want.names) {
    if (auto checked = check_name(each); !checked) return checked;
    if (std::ranges::count(want.names, each) > 1)
      return fail(Errc::invalid, "the names of \"{}\" have \"{}\" twice", name, each);
  }
  if (want.issuers.empty())
    return fail(Errc::invalid,
                "certificate \"{}\" has no issuer (it was imported): name one with --issuer", name);
  return {};
}

// The key that is served, if it is to stay: nullptr when it is not, is of another kind than wanted,
// or was revoked.
Result<KeyPtr> pinned_key(const Work& work, PairSlot slot, KeyKind kind) {
  if (!work.request.want.pins_key || needs_new_key(work.request) || work.before == 0)
    return KeyPtr();
  const auto old = work.parts.store.generation(work.request.name, work.before);
  if (!old) return old.error();
  const auto revoked = work.parts.store.revoked_keys();
  if (!revoked) return revoked.error();
  const auto& facts = old->info.facts(slot);
  if (!facts || facts->key != text_of(kind) || revoked->contains(facts->spki_sha256))
    return KeyPtr();
  return parse_key(old->texts(slot)->key, key_file(slot));
}

// The key of a pending order, made when it is not there yet: on the disk before anyone signs it.
Result<KeyPtr> key_for(const Work& work, const Pending& pending, PairSlot slot, KeyKind kind) {
  auto kept = pending.key(slot);
  if (!kept) return kept.error();
  if (!kept->empty()) {
    auto key = parse_key(*kept, key_file(slot));
    OPENSSL_cleanse(kept->data(), kept->size());
    return key;
  }
  auto pinned = pinned_key(work, slot, kind);
  if (!pinned) return pinned.error();
  KeyPtr key = std::move(*pinned);
  if (key == nullptr) {
    auto made = generate_key(kind);
    if (!made) return made.error();
    key = std::move(*made);
  }
  std::string pem = key_to_pem(key.get());
  auto saved = pending.keep_key(slot, pem);
  OPENSSL_cleanse(pem.data(), pem.size());
  if (!saved) return base::wrap(saved.error(), "keeping the new key, before anything is ordered");
  return key;
}

boost::system::result<std::string, IssueFailure> order_chain(const Work& work, Issuer& issuer,
                                                             const Pending& pending, PairSlot slot,
                                                             KeyKind kind) {
  auto kept = pending.chain(slot);
  if (!kept) return IssueFailure{kept.error()};
  if (!kept->empty()) return std::move(*kept);
  const auto key = key_for(work, pending, slot, kind);
  if (!key) return IssueFailure{key.error()};
  auto csr = make_csr(key->get(), pending.plan().names);
  if (!csr) return IssueFailure{csr.error(), {}, true};
  const CertificateOrder order{
      .names = pending.plan().names, .csr = std::move(*csr), .profile = pending.plan().profile};
  const auto note = pending.note(slot);
  auto issued = issuer.issue(order, *note, work.stop);
  if (!issued) return issued.error();
  if (auto saved = pending.keep_chain(slot, issued->pem, issued->order); !saved)
    return IssueFailure{saved.error()};
  return std::move(issued->pem);
}

// Whether its certificates are served already: a crash kept it from being ended.
bool is_served(const Work& work, const Pending& pending) {
  if (work.before == 0) return false;
  const auto served = work.parts.store.generation(work.request.name, work.before);
  if (!served) return false;
  for (const PairSlot slot : kPairSlots) {
    const auto& texts = served->texts(slot);
    const auto kept = pending.chain(slot);
    if (!texts || !kept || kept->empty()) continue;
    const auto chain = parse_chain(*kept, chain_file(slot));
    if (chain && to_pem(*chain) == texts->chain) return true;
  }
  return false;
}

// An order that is pending for the same thing goes on; any other gives way.
Result<Pending> take_up(const Work& work, const std::string& issuer) {
  const Want& want = work.request.want;
  const PendingPlan plan{.names = want.names,
                         .issuer = issuer,
                         .keys = want.keys,
                         .profile = want.profile,
                         .reason = work.request.reason,
                         .by = work.request.by,
                         .since = now_of(work.parts)};
  auto known = Pending::find(work.parts.store, work.request.name);
  if (known && *known && !needs_new_key(work.request) && (*known)->plan().is_same_order(plan) &&
      !is_served(work, **known)) {
    work.tell("going on with the order of {}", issuer);
    return std::move(**known);
  }
  return Pending::begin(work.parts.store, work.lease, work.request.name, plan);
}

struct Prepared {
  Generation generation;
  Pending pending;
};

boost::system::result<Prepared, IssueFailure> prepare(const Work& work, Issuer& issuer,
                                                      const std::string& issuer_name,
                                                      const KeyKinds& kinds) {
  auto pending = take_up(work, issuer_name);
  if (!pending) return IssueFailure{pending.error()};
  Generation generation;
  generation.info = {.names = work.request.want.names,
                     .issuer = issuer_name,
                     .reason = work.request.reason,
                     .by = work.request.by,
                     .node = this_process({}).node,
                     .made = now_of(work.parts)};
  for (const PairSlot slot : kPairSlots) {
    const auto& kind = kinds[static_cast<std::size_t>(slot)];
    if (!kind) continue;
    auto chain = order_chain(work, issuer, *pending, slot, *kind);
    if (!chain) return chain.error();
    auto key = pending->key(slot);
    if (!key) return IssueFailure{key.error()};
    generation.texts(slot) = PairTexts(std::move(*chain), std::move(*key));
    generation.info.facts(slot).emplace().order = pending->order(slot);
    work.tell("{} key, signed by {}", text_of(*kind), issuer_name);
  }
  const auto revoked = work.parts.store.revoked_keys();
  if (!revoked) return IssueFailure{revoked.error()};
  const PairUse use = work.request.want.profile == "client" ? PairUse::client : PairUse::server;
  const auto checked =
      check_generation(generation, {work.request.want.names, *revoked, use, work.parts.now()});
  if (!checked) {
    // What came is of no use, so that the next attempt must not begin with it.
    static_cast<void>(!pending->end().has_value());
    return IssueFailure{base::wrap(checked.error(), "what the issuer sent is refused")};
  }
  work.tell("checked, and shaken hands with in memory: {} names, TLS 1.2 and 1.3",
            generation.info.names.size());
  return Prepared{std::move(generation), std::move(*pending)};
}

Result<GenerationInfo> serve(const RotationParts& parts, Lease& lease, const std::string& name,
                             const Generation& generation) {
  auto number = parts.store.keep(lease, name, generation);
  if (!number) return number.error();
  if (auto published = parts.store.publish(lease, name, *number); !published)
    return published.error();
  static_cast<void>(!parts.store.prune(lease, name, StoreDir::kGenerationsKept).has_value());
  GenerationInfo info = generation.info;
  info.number = *number;
  return info;
}

void note_event(const RotationParts& parts, const std::string& name, const std::string& event,
                std::uint64_t generation, const std::string& by, const std::string& detail) {
  parts.store.note(name, {now_of(parts), event, generation, by, this_process({}).node, detail});
}

void note_failure(const Work& work, const RotationFailure& failure) {
  note_event(work.parts, work.request.name, "failed", work.before, work.request.by,
             failure.error.message);
  work.tell("{}", failure.error.message);
}

// The certificate's folder is there from here on, with what is wanted.
Result<std::uint64_t> begin(const RotationParts& parts, const RotationRequest& request,
                            Lease& lease) {
  if (auto kept = parts.store.set_want(lease, request.name, request.want); !kept)
    return kept.error();
  const auto state = parts.store.state(request.name);
  if (!state) return state.error();
  return state->current;
}

RotationOutcome rotate_held(const Work& work, const KeyKinds& kinds) {
  const RotationRequest& request = work.request;
  RotationFailure failure{fail(Errc::invalid, "no issuer was tried")};
  for (const std::string& issuer_name :
       request.issuers.empty() ? request.want.issuers : request.issuers) {
    Issuer* issuer = work.parts.find_issuer(issuer_name);
    if (issuer == nullptr) {
      failure = {fail(Errc::invalid, "issuer \"{}\" is not configured", issuer_name)};
      note_failure(work, failure);
      continue;
    }
    auto prepared = prepare(work, *issuer, issuer_name, kinds);
    if (!prepared) {
      failure = {base::wrap(prepared.error().error, "issuer " + issuer_name),
                 prepared.error().retry_after};
      note_failure(work, failure);
      if (work.stop.stop_requested() || failure.error.code == Errc::conflict) break;
      continue;
    }
    auto info = serve(work.parts, work.lease, request.name, prepared->generation);
    if (!info) {
      failure = {info.error()};
      note_failure(work, failure);
      break;
    }
    static_cast<void>(!prepared->pending.end().has_value());
    note_event(work.parts, request.name, request.reason, info->number, request.by,
               fmt::format("generation {} -> {}, {}", work.before, info->number, issuer_name));
    return RotationResult{work.before, std::move(*info)};
  }
  return failure;
}

}  // namespace

RotationOutcome rotate_certificate(const RotationParts& parts, const RotationRequest& request,
                                   std::stop_token stop) {
  if (auto checked = check_want(request.want, request.name); !checked)
    return RotationFailure{checked.error()};
  const auto kinds = kinds_of(request.want);
  if (!kinds) return RotationFailure{kinds.error()};
  auto lease = parts.store.lease(request.name, request.reason);
  if (!lease) return RotationFailure{lease.error()};
  const auto before = begin(parts, request, **lease);
  if (!before) return RotationFailure{before.error()};
  const Work work{parts, request, **lease, std::move(stop), *before};
  work.tell("lease of {} (fence {})", request.name, (*lease)->fence());
  return rotate_held(work, *kinds);
}

namespace {

Result<> check_rollback(const RotationParts& parts, const std::string& name,
                        const GenerationInfo& info) {
  const auto revoked = parts.store.revoked_keys();
  if (!revoked) return revoked.error();
  if (info.not_after() <= now_of(parts))
    return fail(Errc::invalid, "generation {} ended on {}: rotate instead", info.number,
                format_time(info.not_after()));
  for (const PairSlot slot : kPairSlots)
    if (info.facts(slot) && revoked->contains(info.facts(slot)->spki_sha256))
      return fail(Errc::invalid,
                  "E_KEY_COMPROMISED: generation {} has a revoked key: rotate instead",
                  info.number);
  // Its files may have been damaged since: what is served now is better than what nobody can serve.
  auto generation = parts.store.generation(name, info.number);
  if (!generation) return generation.error();
  const auto want = parts.store.want(name);
  const PairUse use = want && want->profile == "client" ? PairUse::client : PairUse::server;
  const auto checked = check_generation(*generation, {{}, *revoked, use, parts.now()});
  if (!checked) return checked.error();
  return {};
}

}  // namespace

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
  if (auto checked = check_rollback(parts, name, *info); !checked) return checked.error();
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
  generation.info.issuer = "imported";
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
