// A generation that turns out to be bad goes: the one before is served again, at most once for each
// generation, whoever does it. What has happened stands in the history, which every process reads.
// Blocks on the disk.
#pragma once

#include "certs/rotate/rotation.h"
#include "certs/store/canary_file.h"

#include <optional>
#include <span>
#include <string>

namespace ravelin::certs {

// Who acts where nobody has asked.
inline constexpr std::string_view kWatch = "watch";

struct TakeBack {
  std::string name;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::string why;
  std::string by;
};

// nullopt: there is nothing to do any more: another generation is served by now, or it was taken
// back once before. Errors: the older one may not be served; Errc::conflict: someone has the lease.
Result<std::optional<GenerationInfo>> take_back(const RotationParts& parts,
                                                const TakeBack& request);

// Why a generation is not gone back to without being asked: it has ended, it or its key was
// revoked, it only stood in for another; "" = it can be.
std::string unfit_to_go_back(const RotationParts& parts, const std::string& name,
                             std::uint64_t number);

bool was_taken_back(std::span<const HistoryEntry> history, std::uint64_t generation);

// Whether the last `rollback` went to it.
bool was_chosen(std::span<const HistoryEntry> history, std::uint64_t generation);

// ---- canaries ----
// All clients get it. Errors: no canary is on, Errc::conflict.
Result<GenerationInfo> finish_canary(const RotationParts& parts, const std::string& name,
                                     const std::string& by);

// All clients get what was served beside it, which is the answer. `refused`: clients did not take
// it, and why; "" = someone wants it so.
Result<Canary> give_up_canary(const RotationParts& parts, const std::string& name,
                              const std::string& refused, const std::string& by);

// Another share; `lasts` from the beginning. Errors: none is on.
Result<Canary> change_canary(const RotationParts& parts, const std::string& name,
                             const CanaryWish& wish, const std::string& by);

}  // namespace ravelin::certs
