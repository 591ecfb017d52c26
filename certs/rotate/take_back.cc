#include "certs/rotate/take_back.h"

#include "certs/rotate/plan.h"
#include "certs/rotate/serve.h"

#include <algorithm>
#include <thread>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

constexpr std::string_view kRefused = "refused";

base::Error no_canary(const std::string& name) {
  return fail(Errc::not_found, "no canary of \"{}\" is on", name);
}

// Who finds the same at the same time is through in a few milliseconds.
Result<std::unique_ptr<Lease>> lease_soon(const StoreDir& store, const std::string& name) {
  constexpr int kTries = 20;
  constexpr std::chrono::milliseconds kPause{50};
  auto lease = store.lease(name, "rollback");
  for (int i = 1; i < kTries && !lease && lease.error().code == base::Errc::conflict; ++i) {
    std::this_thread::sleep_for(kPause);
    lease = store.lease(name, "rollback");
  }
  return lease;
}

}  // namespace

bool was_taken_back(std::span<const HistoryEntry> history, std::uint64_t generation) {
  return std::ranges::any_of(history, [generation](const HistoryEntry& entry) {
    return entry.event == kRefused && entry.generation == generation;
  });
}

bool was_chosen(std::span<const HistoryEntry> history, std::uint64_t generation) {
  const auto last = std::find_if(history.rbegin(), history.rend(), [](const HistoryEntry& entry) {
    return entry.event == "rollback";
  });
  return last != history.rend() && last->generation == generation;
}

std::string unfit_to_go_back(const RotationParts& parts, const std::string& name,
                             std::uint64_t number) {
  if (number == 0) return "there is none before it";
  const auto info = parts.store.info(name, number);
  if (!info) return info.error().message;
  if (info->reason == kPlaceholder) return "the one before only stood in";
  if (auto checked = check_older(parts, name, *info); !checked) return checked.error().message;
  return {};
}

Result<std::optional<GenerationInfo>> take_back(const RotationParts& parts,
                                                const TakeBack& request) {
  const std::string& name = request.name;
  auto lease = lease_soon(parts.store, name);
  if (!lease) return lease.error();
  const auto state = parts.store.state(name);
  if (!state) return state.error();
  if (state->current != request.from || was_taken_back(parts.store.history(name), request.from))
    return std::optional<GenerationInfo>();
  auto info = parts.store.info(name, request.to);
  if (!info) return info.error();
  if (auto checked = check_older(parts, name, *info); !checked) return checked.error();
  if (auto published = parts.store.publish(**lease, name, request.to); !published)
    return published.error();
  note_event(parts, name, std::string(kRefused), request.from, request.by, request.why);
  note_event(parts, name, "rollback", request.to, request.by,
             fmt::format("generation {} -> {}", request.from, request.to));
  return std::optional(std::move(*info));
}

Result<GenerationInfo> finish_canary(const RotationParts& parts, const std::string& name,
                                     const std::string& by) {
  auto lease = parts.store.lease(name, "canary");
  if (!lease) return lease.error();
  const auto canary = find_canary(parts.store, name);
  if (!canary) return no_canary(name);
  auto info = parts.store.info(name, canary->generation);
  if (!info) return info.error();
  // Days may have passed since it was made.
  if (auto checked = check_older(parts, name, *info); !checked) return checked.error();
  if (auto published = parts.store.publish(**lease, name, canary->generation); !published)
    return published.error();
  note_event(parts, name, "rotate", canary->generation, by,
             fmt::format("generation {} -> {}, tried on {} of the clients", canary->beside,
                         canary->generation, share_text(canary->share)));
  return info;
}

Result<Canary> give_up_canary(const RotationParts& parts, const std::string& name,
                              const std::string& refused, const std::string& by) {
  auto lease = parts.store.lease(name, "canary");
  if (!lease) return lease.error();
  auto canary = find_canary(parts.store, name);
  if (!canary) return no_canary(name);
  if (auto ended = end_canary(parts.store, **lease, name); !ended) return ended.error();
  if (!refused.empty())
    note_event(parts, name, std::string(kRefused), canary->generation, by, refused);
  note_event(parts, name, "canary", canary->beside, by,
             fmt::format("generation {} is given up", canary->generation));
  return std::move(*canary);
}

Result<Canary> change_canary(const RotationParts& parts, const std::string& name,
                             const CanaryWish& wish, const std::string& by) {
  auto lease = parts.store.lease(name, "canary");
  if (!lease) return lease.error();
  auto canary = find_canary(parts.store, name);
  if (!canary) return no_canary(name);
  canary->share = wish.share;
  canary->lasts = wish.lasts;
  canary->by = by;
  if (auto begun = begin_canary(parts.store, **lease, *canary); !begun) return begun.error();
  note_event(parts, name, "canary", canary->beside, by,
             fmt::format("generation {} for {} of the clients", canary->generation,
                         share_text(canary->share)));
  return std::move(*canary);
}

}  // namespace ravelin::certs
