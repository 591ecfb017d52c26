#include "system/renewal/gateway_answers.h"

#include "gateway/observe/metric_families.h"
#include "gateway/runtime/store_status.h"

#include <algorithm>
#include <utility>

namespace ravelin::system {

using base::WallTime;
using gateway::Gateway;
using gateway::Metric;
using messages::flag_of;

namespace {

std::string root_of(const Gateway& gateway) {
  return certs::StorePaths(gateway.store().path()).root();
}

messages::ChallengeState challenge_of(const Gateway& gateway, const std::string& token) {
  const auto status = gateway::challenge_status(gateway, token);
  if (!status) return {};
  return {.workers = status->workers, .answering = status->workers_answering};
}

messages::TlsVersions versions_of(const gateway::ShownAt& place) {
  if (place.is_tls_1_2 && place.is_tls_1_3) return messages::TlsVersions::both;
  return place.is_tls_1_2 ? messages::TlsVersions::only_1_2 : messages::TlsVersions::only_1_3;
}

messages::SwapState state_of(const Gateway& gateway, const messages::SwapRef& swap) {
  messages::SwapState state;
  // A reload may have led to another one.
  if (root_of(gateway) != swap.store) return state;
  const auto status = gateway::stored_certificate(gateway, swap.name);
  if (!status) return state;
  state.is_by_every_worker = flag_of(status->workers_serving == status->workers);
  if (swap.is_canary == messages::Flag::yes) {
    const auto& canary = status->canary;
    state.is_shown = flag_of(canary && canary->generation == swap.generation);
    if (state.is_shown == messages::Flag::no) return state;
    state.accepted = canary->accepted;
    state.refusing = canary->refusing;
    return state;
  }
  state.is_shown = flag_of(status->generation == swap.generation);
  if (status->swap) {
    state.accepted = status->swap->accepted;
    state.refusing = status->swap->refusing;
  }
  for (const gateway::ShownAt& place : status->shown_at) {
    if (state.places.size() == messages::kPlaces.count) break;
    state.places.push_back(place.address);
    state.versions.push_back(versions_of(place));
  }
  return state;
}

messages::SwapNote note_of(const Gateway& gateway, const gateway::StoreSwap& swap) {
  const certs::CertificateSwap& what = swap.what;
  return {{root_of(gateway), what.name, what.before, what.generation, flag_of(what.is_canary)},
          std::chrono::floor<std::chrono::seconds>(base::mono_now() - swap.at)};
}

std::vector<messages::SwapNote> notes_of(const Gateway& gateway) {
  std::vector<messages::SwapNote> notes;
  for (const auto& [name, swap] : gateway.store().swaps())
    notes.push_back(note_of(gateway, swap));
  return notes;
}

gateway::RenewalStatus status_of(const messages::RenewalNote& note) {
  return {note.name,
          WallTime(note.at),
          note.why,
          static_cast<int>(note.failures),
          WallTime(note.failed),
          note.error};
}

void collect(const RenewalReport& report, gateway::MetricSamples& samples) {
  for (const messages::RenewalNote& note : report.renewals) {
    samples.set(gateway::index(Metric::certificate_renew_at), {note.name},
                static_cast<double>(note.at.count()));
    samples.set(gateway::index(Metric::certificate_renewal_failures), {note.name}, note.failures);
  }
  for (const messages::LimitNote& limit : report.limits)
    samples.set(gateway::index(Metric::ca_limit_left), {limit.issuer, limit.limit},
                static_cast<double>(limit.left));
  samples.set(gateway::index(Metric::certificate_rollbacks_total), {"probe"},
              static_cast<double>(report.end.by_probe));
  samples.set(gateway::index(Metric::certificate_rollbacks_total), {"alerts"},
              static_cast<double>(report.end.by_alerts));
}

}  // namespace

gateway::RenewalOutlook outlook_of(const RenewalReport& report) {
  gateway::RenewalOutlook outlook;
  const messages::RenewalNote* last = nullptr;
  for (const messages::RenewalNote& note : report.renewals) {
    if (outlook.next.size() < gateway::RenewalOutlook::kNextMax)
      outlook.next.push_back(status_of(note));
    if (note.failures != 0 && (last == nullptr || note.failed > last->failed)) last = &note;
  }
  if (last != nullptr) outlook.last_failure = status_of(*last);
  for (const messages::LimitNote& limit : report.limits)
    outlook.limits.push_back({limit.issuer, limit.limit, limit.what, limit.left, limit.most,
                              limit.is_assumed == messages::Flag::yes});
  return outlook;
}

void connect(Gateway& gateway, RenewalLink& renewal) {
  gateway.metrics().add_collector(
      [&renewal](gateway::MetricSamples& samples) { collect(renewal.report(), samples); });
  gateway.describe_renewals([&renewal] { return outlook_of(renewal.report()); });
  gateway.on_swap([&gateway, &renewal](const gateway::StoreSwap& swap) {
    renewal.note(note_of(gateway, swap));
  });
  renewal.start(
      {.post = [&gateway](std::function<void()> task) { gateway.reactor().post(std::move(task)); },
       .challenge = [&gateway](const std::string& token) { return challenge_of(gateway, token); },
       .swap = [&gateway](const messages::SwapRef& swap) { return state_of(gateway, swap); },
       .swaps = [&gateway] { return notes_of(gateway); }});
}

void disconnect(Gateway& gateway, RenewalLink& renewal) {
  gateway.on_swap({});
  renewal.stop();
}

}  // namespace ravelin::system
