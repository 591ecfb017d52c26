// The last steps of every change: a generation is kept and served, and what happened is noted. For
// the files of this folder.
#pragma once

#include "certs/rotate/rotation.h"

#include <string>

namespace ravelin::certs {

sys_seconds now_of(const RotationParts& parts);

// Kept, published, and the oldest ones pruned. On errors what was served is served.
Result<GenerationInfo> serve(const RotationParts& parts, Lease& lease, const std::string& name,
                             const Generation& generation);

// Whether a kept generation may be served (again). Errors: it has ended, it or its key is revoked,
// its files are damaged.
Result<> check_older(const RotationParts& parts, const std::string& name,
                     const GenerationInfo& info);

// `entry` without its time and node.
void note_event(const RotationParts& parts, const std::string& name, HistoryEntry entry);
void note_event(const RotationParts& parts, const std::string& name, const std::string& event,
                std::uint64_t generation, const std::string& by, const std::string& detail);

}  // namespace ravelin::certs
