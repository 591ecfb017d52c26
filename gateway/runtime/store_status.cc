#include "gateway/runtime/store_status.h"

#include "gateway/observe/metric_families.h"

#include <algorithm>

namespace ravelin::gateway {
namespace {

constexpr std::size_t kSeriesMax = 1000;

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
