#include "cli/certs/swaps.h"

#include "gateway/observe/metric_families.h"
#include "gateway/runtime/store_status.h"

#include <future>

namespace ravelin::cli {
namespace {

using gateway::Metric;

// What the control thread knows, for the watcher.
certs::SwapNow seen_now(const gateway::Gateway& gateway, const certs::CertificateSwap& swap,
                        const std::string& store) {
  certs::SwapNow now;
  // A reload may have led to another one.
  if (certs::StorePaths(gateway.store().path()).root() != store) return now;
  const auto status = gateway::stored_certificate(gateway, swap.name);
  if (!status) return now;
  now.is_by_every_worker = status->workers_serving == status->workers;
  if (swap.is_canary) {
    now.is_shown = status->canary && status->canary->generation == swap.generation;
    if (!now.is_shown) return now;
    now.accepted = status->canary->accepted;
    now.refusing = status->canary->refusing;
    return now;
  }
  now.is_shown = status->generation == swap.generation;
  if (status->swap) {
    now.accepted = status->swap->accepted;
    now.refusing = status->swap->refusing;
  }
  for (const gateway::ShownAt& place : status->shown_at)
    now.places.push_back({place.address, place.is_tls_1_2, place.is_tls_1_3});
  return now;
}

}  // namespace

SwapWatch::SwapWatch(gateway::Gateway& gateway, certs::RotationParts rotation,
                     std::chrono::seconds lasts)
    : gateway_(gateway),
      store_(rotation.store.paths().root()),
      watcher_(std::make_unique<certs::SwapWatcher>(certs::SwapWatcherParts{
          .rotation = std::move(rotation),
          .ask = [this](const certs::CertificateSwap& swap) { return ask(swap); },
          .rules = {.lasts = lasts}})) {
  gateway.on_swap([this](const gateway::StoreSwap& swap) { watcher_->note(swap.what); });
  watcher_->start();
}

SwapWatch::~SwapWatch() {
  gateway_.on_swap({});
  is_ending_ = true;
  watcher_.reset();
}

std::optional<certs::SwapNow> SwapWatch::ask(const certs::CertificateSwap& swap) {
  // The control thread may also be about to end: whoever waits for it then waits in vain.
  auto asked = std::make_shared<std::promise<certs::SwapNow>>();
  std::future<certs::SwapNow> answer = asked->get_future();
  gateway_.reactor().post([&gateway = gateway_, asked, swap, store = store_] {
    asked->set_value(seen_now(gateway, swap, store));
  });
  constexpr std::chrono::milliseconds kTurn{50};
  constexpr int kTurns = 40;
  for (int i = 0; i < kTurns && !is_ending_; ++i)
    if (answer.wait_for(kTurn) == std::future_status::ready) return answer.get();
  return std::nullopt;
}

void SwapWatch::collect(gateway::MetricSamples& samples) const {
  samples.set(gateway::index(Metric::certificate_rollbacks_total), {"probe"},
              static_cast<double>(watcher_->taken_back_by_probe()));
  samples.set(gateway::index(Metric::certificate_rollbacks_total), {"alerts"},
              static_cast<double>(watcher_->taken_back_by_alerts()));
}

}  // namespace ravelin::cli
