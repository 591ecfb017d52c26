#include "certs/rotate/serve.h"

namespace ravelin::certs {

sys_seconds now_of(const RotationParts& parts) {
  return std::chrono::floor<std::chrono::seconds>(parts.now());
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

void note_event(const RotationParts& parts, const std::string& name, HistoryEntry entry) {
  entry.at = now_of(parts);
  entry.node = this_process({}).node;
  parts.store.note(name, entry);
}

void note_event(const RotationParts& parts, const std::string& name, const std::string& event,
                std::uint64_t generation, const std::string& by, const std::string& detail) {
  note_event(parts, name,
             HistoryEntry{.event = event, .generation = generation, .by = by, .detail = detail});
}

}  // namespace ravelin::certs
