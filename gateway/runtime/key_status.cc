#include "gateway/runtime/key_status.h"

#include "gateway/observe/metric_families.h"
#include "gateway/tls/remote/remote_keys.h"

#include <chrono>
#include <utility>

namespace ravelin::gateway {

bool collect_keys(const Gateway& gateway, MetricSamples& samples) {
  RemoteKeys* keys = gateway.remote_keys();
  if (keys == nullptr) return true;
  if (!keys->counts().is_connected) return false;
  const auto answer = keys->ask(messages::KeyCounts{});
  const auto* counts = answer ? std::get_if<messages::KeyCounts>(&*answer) : nullptr;
  if (counts == nullptr) return false;
  const std::pair<const char*, std::uint64_t> results[] = {{"ok", counts->signatures},
                                                           {"failed", counts->failed},
                                                           {"refused", counts->refused},
                                                           {"limited", counts->limited}};
  for (const auto& [result, count] : results)
    samples.set(index(Metric::key_signatures_total), {result}, static_cast<double>(count));
  const std::chrono::nanoseconds signing(counts->signing_ns);
  samples.set(index(Metric::key_signing_time_total), {},
              std::chrono::duration<double>(signing).count());
  samples.set(index(Metric::keys_held), {}, static_cast<double>(counts->keys_held));
  return true;
}

}  // namespace ravelin::gateway
