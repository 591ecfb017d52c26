#include "gateway/runtime/token_status.h"

#include "gateway/observe/metric_families.h"

namespace ravelin::gateway {

void collect_tokens(const Gateway& gateway, MetricSamples& samples) {
  for (const certs::TokenStatus& token : gateway.tokens().status()) {
    const std::pair<const char*, std::uint64_t> results[] = {{"ok", token.counts.signed_},
                                                             {"failed", token.counts.failed},
                                                             {"refused", token.counts.refused},
                                                             {"dropped", token.counts.dropped}};
    for (const auto& [result, count] : results)
      samples.set(index(Metric::token_signatures_total), {token.label, result},
                  static_cast<double>(count));
    samples.set(index(Metric::token_waiting), {token.label}, static_cast<double>(token.waiting));
    samples.set(index(Metric::token_up), {token.label}, token.is_away ? 0 : 1);
  }
}

}  // namespace ravelin::gateway
