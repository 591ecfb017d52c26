#include "gateway/runtime/crl_status.h"

#include "gateway/observe/metric_families.h"

#include <map>

namespace ravelin::gateway {
namespace {

// One CA may have several lists for parts of its certificates: the one that ends first counts.
struct Span {
  double issued = 0;
  double ends = 0;
};

}  // namespace

std::vector<ClientCrlStatus> client_crls_of(const Gateway& gateway, base::WallTime now) {
  std::vector<ClientCrlStatus> all;
  for (const auto& [listener, materials] : gateway.materials()) {
    const ClientTrust& trust = materials.context->client_trust();
    for (const certs::HeldCrlPtr& list : trust.crls) {
      const certs::CrlFacts& facts = list->facts;
      all.push_back({listener, facts.issuer, certs::is_over(facts, now) ? "expired" : "good",
                     list->place, facts.number, facts.revoked, facts.this_update,
                     facts.next_update.value_or(base::WallTime())});
    }
    for (const certs::CrlAuthority* ca : trust.without_list())
      all.push_back({listener, ca->subject, "missing"});
  }
  return all;
}

std::vector<CrlSourceStatus> crl_sources_of(const Gateway& gateway) {
  std::vector<CrlSourceStatus> all;
  for (const auto& source : gateway.client_crls().all()) {
    const certs::CrlSource::State state = source->state();
    if (state.attempts == 0) continue;
    all.push_back({source->options().url, std::string(to_string(state.last)), state.last_at,
                   state.good_at, state.next_at, static_cast<std::uint64_t>(state.failures),
                   state.why});
  }
  return all;
}

void collect_crls(const Gateway& gateway, MetricSamples& samples) {
  std::map<std::pair<std::string, std::string>, Span> spans;
  for (const ClientCrlStatus& list : client_crls_of(gateway, base::wall_now())) {
    const Span span{base::unix_time(list.this_update), base::unix_time(list.next_update)};
    const auto [place, is_new] = spans.try_emplace({list.listener, list.issuer}, span);
    if (!is_new && span.ends < place->second.ends) place->second = span;
  }
  for (const auto& [who, span] : spans) {
    samples.set(index(Metric::client_crl_expiry), {who.first, who.second}, span.ends);
    samples.set(index(Metric::client_crl_issued), {who.first, who.second}, span.issued);
  }
  for (const auto& source : gateway.client_crls().all()) {
    const certs::CrlSource::State state = source->state();
    for (std::size_t i = 0; i < certs::kCrlFetches; ++i)
      samples.set(index(Metric::client_crl_fetches_total),
                  {source->options().url, to_string(static_cast<certs::CrlFetch>(i))},
                  static_cast<double>(state.results[i]));
    samples.set(index(Metric::client_crl_fetch_time), {source->options().url},
                base::unix_time(state.good_at));
  }
}

}  // namespace ravelin::gateway
