#include "gateway/runtime/store_status.h"

#include "gateway/observe/metric_families.h"
#include "gateway/tls/certificate_index.h"

#include <algorithm>
#include <variant>

namespace ravelin::gateway {
namespace {

constexpr std::size_t kSeriesMax = 1000;

// A name that clients can ask for.
std::string asked_name(std::string_view name) {
  return name.starts_with("*.") ? "any" + std::string(name.substr(1)) : std::string(name);
}

// Whether who connects to where a listener is bound gets there what that name has. An address is
// asked for by going to it, and what is bound to all of them does not say which are there.
bool is_asked_at(std::string_view name, std::string_view bound) {
  const auto address = base::parse_ip(name);
  if (!address) return true;
  const auto endpoint = base::parse_endpoint(bound);
  const auto* at = endpoint ? std::get_if<base::IpEndpoint>(&*endpoint) : nullptr;
  return at != nullptr && at->address == *address;
}

std::vector<ShownAt> shown_at(const Gateway& gateway, std::string_view name) {
  std::vector<ShownAt> places;
  const auto view = gateway.store().view();
  for (const auto& [listener, address] : gateway.bound()) {
    const auto materials = gateway.materials().find(listener);
    const ListenerRuntime* runtime = gateway.snapshot()->find_listener(listener);
    if (!is_asked_at(name, address) || materials == gateway.materials().end() ||
        !materials->second.from_store || runtime == nullptr || runtime->config->proxy_protocol)
      continue;
    std::vector<IndexedPair> pairs;
    for (const WatchedPair& pair : materials->second.pairs)
      pairs.push_back({pair.served, false});
    const CertificateIndex index(std::move(pairs), view);
    if (index.find(asked_name(name)).source.name != certs::source_name(name)) continue;
    const ListenerTlsConfig& tls = *runtime->config->tls;
    // Without a certificate of its own a client of TLS 1.2 is shown one, but comes to no end.
    const bool is_1_2 =
        tls.profile != TlsProfile::modern && tls.client_auth.mode != ClientAuthMode::require;
    places.push_back({listener, address, is_1_2, true});
  }
  return places;
}

std::optional<SwapStatus> swap_status(const Gateway& gateway, std::string_view name) {
  const auto swap = gateway.store().swaps().find(name);
  if (swap == gateway.store().swaps().end() || swap->second.what.is_canary) return std::nullopt;
  const auto seen = gateway.store().watch()->seen(swap->second.watched());
  if (!seen) return std::nullopt;
  const auto since = std::chrono::floor<std::chrono::seconds>(base::mono_now() - swap->second.at);
  return SwapStatus{swap->second.what.before, static_cast<std::uint64_t>(since.count()),
                    seen->accepted, seen->accepted_before, seen->refusing};
}

std::optional<CanaryStatus> canary_status(const Gateway& gateway, std::string_view name) {
  const auto& canaries = gateway.store().follower()->canaries();
  const auto found = canaries.find(std::string(name));
  if (found == canaries.end()) return std::nullopt;
  const certs::Canary& canary = found->second;
  CanaryStatus status{.generation = canary.generation,
                      .share = static_cast<double>(canary.share) / certs::kWholeShare,
                      .since = canary.since,
                      .lasts_s = static_cast<std::uint64_t>(canary.lasts.count())};
  const auto seen = gateway.store().watch()->seen({certs::source_name(name), canary.generation});
  if (!seen) return status;
  status.accepted = seen->accepted;
  status.refusing = seen->refusing;
  return status;
}

}  // namespace

StoreStatus store_status(const Gateway& gateway) {
  StoreStatus status;
  status.renewals = gateway.renewal_outlook();
  const certs::StoreFollower* follower = gateway.store().follower();
  if (follower == nullptr) return status;
  const certs::StoreView& view = *follower->store_view();
  status.path = gateway.store().path();
  status.certificates = view.size();
  status.revision = view.revision();
  status.trouble = follower->trouble();
  status.refused.assign(follower->refused().begin(), follower->refused().end());
  for (const certs::StoreView::Fact& fact : view.soonest(StoreStatus::kSoonestMax))
    status.soonest.push_back({fact.name, fact.generation, fact.not_after});
  status.workers_serving = static_cast<std::uint32_t>(std::ranges::count_if(
      gateway.workers(),
      [&view](const auto& worker) { return worker->store_revision() >= view.revision(); }));
  status.ticket_key_made = gateway.store_tickets().made();
  return status;
}

base::Result<StoredCertificateStatus> stored_certificate(const Gateway& gateway,
                                                         std::string_view name) {
  const auto view = gateway.store().view();
  if (view == nullptr)
    return base::fail(base::Errc::not_found, "no listener shows the certificates of a store");
  const auto fact = view->fact(name);
  if (!fact)
    return base::fail(base::Errc::not_found, "no certificate \"{}\" of the store is served", name);
  StoredCertificateStatus status{fact->name, fact->generation, fact->not_after, 0, 0};
  for (const auto& worker : gateway.workers()) {
    ++status.workers;
    if (worker->store_revision() >= view->revision()) ++status.workers_serving;
  }
  status.shown_at = shown_at(gateway, fact->name);
  status.swap = swap_status(gateway, fact->name);
  status.canary = canary_status(gateway, fact->name);
  return status;
}

base::Result<ChallengeStatus> challenge_status(const Gateway& gateway, std::string_view token) {
  const auto challenges = gateway.store().challenges();
  if (challenges == nullptr || !challenges->has_token(token))
    return base::fail(base::Errc::not_found, "no such challenge is up here");
  ChallengeStatus status{.token = std::string(token)};
  for (const auto& worker : gateway.workers()) {
    ++status.workers;
    if (worker->challenge_revision() >= challenges->revision()) ++status.workers_answering;
  }
  return status;
}

void collect_store(const Gateway& gateway, MetricSamples& samples) {
  const certs::StoreFollower* follower = gateway.store().follower();
  if (follower == nullptr) return;
  const certs::StoreView& view = *follower->store_view();
  for (const certs::StoreView::Fact& fact : view.soonest(kSeriesMax)) {
    samples.set(index(Metric::certificate_expiry), {fact.name},
                static_cast<double>(fact.not_after.time_since_epoch().count()));
    samples.set(index(Metric::certificate_generation), {fact.name},
                static_cast<double>(fact.generation));
  }
  for (const auto& [name, swap] : gateway.store().swaps())
    if (const auto seen = gateway.store().watch()->seen(swap.watched()); seen)
      samples.set(index(Metric::certificate_refusing_clients), {name}, seen->refusing);
  for (const auto& [name, canary] : follower->canaries())
    samples.set(index(Metric::certificate_canary_share), {name},
                static_cast<double>(canary.share) / certs::kWholeShare);
  if (const auto made = gateway.store_tickets().made(); made)
    samples.set(index(Metric::ticket_key_age), {},
                std::chrono::duration<double>(base::wall_now() - *made).count());
  samples.set(index(Metric::store_certificates), {}, static_cast<double>(view.size()));
  samples.set(index(Metric::store_refused), {}, static_cast<double>(follower->refused().size()));
  samples.set(index(Metric::store_loads_total), {}, static_cast<double>(view.pairs().loads()));
  for (std::size_t i = 0; i < gateway.workers().size(); ++i)
    samples.set(index(Metric::store_revision), {std::to_string(i)},
                static_cast<double>(gateway.workers()[i]->store_revision()));
}

}  // namespace ravelin::gateway
