#include "certs/rotate/rotation.h"

#include "base/utc.h"
#include "certs/issuer/csr.h"
#include "certs/issuer/private_key.h"
#include "certs/rotate/check_generation.h"
#include "certs/rotate/plan.h"
#include "certs/rotate/replacement.h"
#include "certs/rotate/serve.h"
#include "certs/store/canary_file.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

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
  auto saved = work.lease.while_held([&] { return pending.keep_key(slot, pem); });
  OPENSSL_cleanse(pem.data(), pem.size());
  if (!saved) return base::wrap(saved.error(), "keeping the new key, before anything is ordered");
  return key;
}

// What an issuer notes goes to the order that is ours, not to that of whoever has the lease now.
class FencedNote final : public OrderNote {
 public:
  FencedNote(std::unique_ptr<OrderNote> note, Lease& lease)
      : note_(std::move(note)), lease_(lease) {}

  [[nodiscard]] std::string text() const override { return note_->text(); }

  Result<> save(std::string_view text) override {
    return lease_.while_held([&] { return note_->save(text); });
  }

 private:
  std::unique_ptr<OrderNote> note_;
  Lease& lease_;
};

boost::system::result<IssuedChain, IssueFailure> order_chain(const Work& work, Issuer& issuer,
                                                             const Pending& pending, PairSlot slot,
                                                             KeyKind kind) {
  auto kept = pending.chain(slot);
  if (!kept) return IssueFailure{kept.error()};
  if (!kept->empty()) return IssuedChain{std::move(*kept), pending.order(slot)};
  const auto key = key_for(work, pending, slot, kind);
  if (!key) return IssueFailure{key.error()};
  auto csr = make_csr(key->get(), pending.plan().names);
  if (!csr) return IssueFailure{csr.error(), {}, true};
  const CertificateOrder order{
      .names = pending.plan().names,
      .csr = std::move(*csr),
      .profile = pending.plan().profile,
      .replaces = replaced_id(work.parts.store, work.request.name, slot, pending.plan().issuer)};
  FencedNote note(pending.note(slot), work.lease);
  auto issued = issuer.issue(order, note, work.stop);
  // Whoever was stopped has nothing to say of the CA.
  const bool is_told = work.parts.asked && (issued || !work.stop.stop_requested());
  if (!issued) {
    IssueFailure failure = issued.error();
    if (is_told) work.parts.asked(pending.plan().issuer, &failure);
    return failure;
  }
  if (is_told) work.parts.asked(pending.plan().issuer, nullptr);
  auto saved =
      work.lease.while_held([&] { return pending.keep_chain(slot, issued->pem, issued->order); });
  if (!saved) return IssueFailure{saved.error()};
  return std::move(*issued);
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

// An order that is pending for the same thing goes on; any other gives way, but not to what only
// stands in until it is done.
Result<Pending> take_up(const Work& work, const std::string& issuer) {
  const Want& want = work.request.want;
  const PendingPlan plan{.names = want.names,
                         .issuer = issuer,
                         .keys = want.keys,
                         .profile = want.profile,
                         .reason = work.request.reason,
                         .by = work.request.by,
                         .since = now_of(work.parts)};
  if (work.request.reason == kPlaceholder)
    return Pending::begin_placeholder(work.parts.store, work.lease, work.request.name, plan);
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
  std::uint64_t orders = 0;
  std::uint64_t replacing = 0;  // those that named what they replace
};

// What this machine cannot use now, through no fault of the CA's: it is not valid yet by a clock
// that is behind, or shakes no hands in memory. Another order would bring the like of it, so that
// the next attempt begins with this one. A handshake that has failed for a day is not believed in.
bool may_do_later(const Generation& generation, const base::Error& error, const PendingPlan& plan,
                  sys_seconds now) {
  constexpr std::chrono::hours kHandshakesTried{24};
  for (const PairSlot slot : kPairSlots)
    if (const auto& facts = generation.info.facts(slot); facts && facts->not_before > now)
      return true;
  return error.message.starts_with("E_HANDSHAKE") && now < plan.since + kHandshakesTried;
}

// What came waits for the clock: no other issuer's would do any better.
bool waits_for_clock(const base::Error& error) {
  return error.message.find(code_text(PairCode::cert_not_yet_valid)) != std::string::npos;
}

// Another has taken over meanwhile: what this one does is of no interest any more.
std::optional<base::Error> loss_of(const Work& work) {
  const auto held = work.lease.while_held([] { return Result<>(); });
  if (held || held.error().code != Errc::conflict) return std::nullopt;
  return held.error();
}

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
  std::uint64_t orders = 0;
  std::uint64_t replacing = 0;
  for (const PairSlot slot : kPairSlots) {
    const auto& kind = kinds[static_cast<std::size_t>(slot)];
    if (!kind) continue;
    auto chain = order_chain(work, issuer, *pending, slot, *kind);
    if (!chain) return chain.error();
    ++orders;
    replacing += chain->says_replaces ? 1 : 0;
    auto key = pending->key(slot);
    if (!key) return IssueFailure{key.error()};
    generation.texts(slot) = PairTexts(std::move(chain->pem), std::move(*key));
    generation.info.facts(slot).emplace().order = pending->order(slot);
    work.tell("{} key, signed by {}{}", text_of(*kind), issuer_name,
              chain->says_replaces ? ", said to replace the one that is served" : "");
  }
  const auto revoked = work.parts.store.revoked_keys();
  if (!revoked) return IssueFailure{revoked.error()};
  const PairUse use = work.request.want.profile == "client" ? PairUse::client : PairUse::server;
  const auto checked =
      check_generation(generation, {work.request.want.names, *revoked, use, work.parts.now()});
  if (!checked && may_do_later(generation, checked.error(), pending->plan(), now_of(work.parts)))
    return IssueFailure{base::wrap(checked.error(), "what the issuer sent is kept for later")};
  if (!checked) {
    // What came is of no use, so that the next attempt must not begin with it.
    static_cast<void>(!pending->end().has_value());
    return IssueFailure{base::wrap(checked.error(), "what the issuer sent is refused")};
  }
  work.tell("checked, and shaken hands with in memory: {} names, TLS 1.2 and 1.3",
            generation.info.names.size());
  return Prepared{std::move(generation), std::move(*pending), orders, replacing};
}

// What stands in has no turn of its own to wait for.
void note_failure(const Work& work, const RotationFailure& failure,
                  const std::string& issuer_name) {
  work.tell("{}", failure.error.message);
  if (work.request.reason == kPlaceholder) return;
  HistoryEntry entry{.event = "failed",
                     .generation = work.before,
                     .by = work.request.by,
                     .detail = failure.error.message};
  if (failure.retry_after) {
    entry.waits_for = issuer_name;
    entry.waits_until = now_of(work.parts) + *failure.retry_after;
    entry.detail += "; it asks to wait until " + base::utc_text(entry.waits_until);
  }
  note_event(work.parts, work.request.name, std::move(entry));
}

// The first of them will never sign this: the others that are wanted have their turn. A placeholder
// is not theirs to make.
void add_others(const RotationRequest& request, std::vector<std::string>& issuers) {
  if (request.reason == kPlaceholder) return;
  for (const std::string& other : request.want.issuers)
    if (std::ranges::find(issuers, other) == issuers.end()) issuers.push_back(other);
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

// In their order, but first the one whose order is under way already: it is not to be placed for
// nothing.
std::vector<std::string> issuers_of(const Work& work) {
  const RotationRequest& request = work.request;
  std::vector<std::string> issuers =
      request.issuers.empty() ? request.want.issuers : request.issuers;
  const auto known = Pending::find(work.parts.store, request.name);
  if (!known || !*known || (*known)->plan().names != request.want.names) return issuers;
  const auto begun = std::ranges::find(issuers, (*known)->plan().issuer);
  if (begun != issuers.end()) std::rotate(issuers.begin(), begun, begun + 1);
  return issuers;
}

// Kept and shown to some clients, beside what is served.
Result<GenerationInfo> try_on_some(const Work& work, const Generation& generation) {
  StoreDir& store = work.parts.store;
  const RotationRequest& request = work.request;
  const auto number = store.keep(work.lease, request.name, generation);
  if (!number) return number.error();
  GenerationInfo info = generation.info;
  info.number = *number;
  const Canary canary{.name = request.name,
                      .generation = *number,
                      .beside = work.before,
                      .share = request.canary->share,
                      .since = now_of(work.parts),
                      .lasts = request.canary->lasts,
                      .by = request.by};
  if (auto begun = begin_canary(store, work.lease, canary); !begun) return begun.error();
  static_cast<void>(!store.prune(work.lease, request.name, StoreDir::kGenerationsKept).has_value());
  return info;
}

RotationOutcome rotate_held(const Work& work, const KeyKinds& kinds) {
  const RotationRequest& request = work.request;
  RotationFailure failure{fail(Errc::invalid, "no issuer was tried")};
  std::vector<std::string> issuers = issuers_of(work);
  for (std::size_t i = 0; i < issuers.size(); ++i) {
    const std::string issuer_name = issuers[i];
    Issuer* issuer = work.parts.find_issuer(issuer_name);
    if (issuer == nullptr) {
      failure = {fail(Errc::invalid, "issuer \"{}\" is not configured", issuer_name)};
      note_failure(work, failure, issuer_name);
      continue;
    }
    auto prepared = prepare(work, *issuer, issuer_name, kinds);
    if (!prepared) {
      if (auto lost = loss_of(work); lost) return RotationFailure{std::move(*lost)};
      failure = {base::wrap(prepared.error().error, "issuer " + issuer_name),
                 prepared.error().retry_after};
      // Whatever the issuer quarrels with, it is not the lease.
      if (failure.error.code == Errc::conflict) failure.error.code = Errc::unavailable;
      note_failure(work, failure, issuer_name);
      if (prepared.error().is_final) add_others(request, issuers);
      if (work.stop.stop_requested() || waits_for_clock(failure.error)) break;
      continue;
    }
    auto info = request.canary ? try_on_some(work, prepared->generation)
                               : serve(work.parts, work.lease, request.name, prepared->generation);
    if (!info) {
      if (auto lost = loss_of(work); lost) return RotationFailure{std::move(*lost)};
      failure = {info.error()};
      note_failure(work, failure, issuer_name);
      break;
    }
    static_cast<void>(!prepared->pending.end().has_value());
    HistoryEntry entry{
        .event = request.reason,
        .generation = info->number,
        .by = request.by,
        .detail = fmt::format("generation {} -> {}, {}", work.before, info->number, issuer_name),
        .issuer = issuer_name,
        .orders = prepared->orders,
        .replacing = prepared->replacing};
    if (request.canary) {
      entry.event = "canary";
      entry.generation = work.before;
      entry.detail = fmt::format("generation {} for {} of the clients, {}", info->number,
                                 share_text(request.canary->share), issuer_name);
    }
    note_event(work.parts, request.name, std::move(entry));
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
  if (request.canary && needs_new_key(request))
    return RotationFailure{fail(Errc::invalid,
                                "a key in other hands is replaced for all clients at once, not "
                                "tried on some")};
  auto lease = parts.store.lease(request.name, request.reason);
  if (!lease) return RotationFailure{lease.error()};
  const auto before = begin(parts, request, **lease);
  if (!before) return RotationFailure{before.error()};
  if (request.canary && *before == 0)
    return RotationFailure{fail(Errc::invalid,
                                "nothing of \"{}\" is served yet: there is nothing to try another "
                                "beside",
                                request.name)};
  const Work work{parts, request, **lease, std::move(stop), *before};
  work.tell("lease of {} (fence {})", request.name, (*lease)->fence());
  return rotate_held(work, *kinds);
}

}  // namespace ravelin::certs
