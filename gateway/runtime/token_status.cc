#include "gateway/runtime/token_status.h"

#include "gateway/observe/metric_families.h"
#include "gateway/tls/remote/remote_keys.h"

namespace ravelin::gateway {
namespace {

// Of the key process; none where it does not answer.
std::vector<certs::TokenStatus> ask_for_tokens(RemoteKeys& keys) {
  std::vector<certs::TokenStatus> tokens;
  const auto answer = keys.ask(messages::TokenCounts{});
  const auto* counts = answer ? std::get_if<messages::TokenCounts>(&*answer) : nullptr;
  if (counts == nullptr) return tokens;
  for (std::size_t i = 0; i < counts->labels.size(); ++i) {
    const std::uint64_t* numbers = &counts->numbers[i * messages::TokenCounts::kNumbers];
    certs::TokenStatus token;
    token.label = counts->labels[i];
    token.counts = {numbers[0], numbers[1], numbers[2], numbers[3]};
    token.waiting = static_cast<std::size_t>(numbers[4]);
    token.is_away = numbers[5] != 0;
    tokens.push_back(std::move(token));
  }
  return tokens;
}

}  // namespace

void collect_tokens(const Gateway& gateway, MetricSamples& samples) {
  const auto tokens = gateway.remote_keys() == nullptr ? gateway.tokens().status()
                                                       : ask_for_tokens(*gateway.remote_keys());
  for (const certs::TokenStatus& token : tokens) {
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
