#include "gateway/upstream/load_watch.h"

#include "gateway/upstream/load_sample.h"

#include <cmath>

namespace ravelin::gateway {

using namespace std::chrono_literals;

namespace {

// Smaller changes are not worth telling every worker.
constexpr double kNoticedChange = 0.02;

}  // namespace

bool LoadWatch::is_wanted(const PoolConfig& config) {
  return config.adaptive.has_value() || !config.weight_header.empty();
}

LoadWatch::LoadWatch(Reactor& reactor, const PoolConfig& config,
                     std::vector<WatchedServer*> servers)
    : reactor_(reactor),
      interval_(config.adaptive ? config.adaptive->interval : 1s),
      servers_(std::move(servers)),
      alarm_(reactor, [this] { tick(); }) {
  for (const WatchedServer* watched : servers_)
    seen_.push_back(watched->server()->signal_totals());
  if (config.adaptive) {
    const LoadRules rules{.interval = interval_,
                          .factor_min = config.weight_bounds.min_percent / 100.0};
    weights_.emplace(rules, servers_.size());
    for (std::size_t i = 0; i < servers_.size(); ++i)
      weights_->start_from(i, servers_[i]->server()->control().weight.load);
  }
  alarm_.set(reactor_.refresh_now() + interval_);
}

void LoadWatch::tick() {
  alarm_.set(reactor_.refresh_now() + interval_);
  for (WatchedServer* watched : servers_) {
    if (const auto percent = watched->server()->take_reported_weight())
      watched->weight().set_reported(*percent);
  }
  if (weights_) adapt();
}

void LoadWatch::adapt() {
  std::vector<LoadSample> samples;
  samples.reserve(servers_.size());
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const Server& server = *servers_[i]->server();
    const SignalTotals now = server.signal_totals();
    samples.push_back(load_between(seen_[i], now));
    samples.back().in_turn = server.is_usable() && server.weight() != 0;
    seen_[i] = now;
  }
  weights_->observe(samples);
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const double now = weights_->factor(i);
    const double before = servers_[i]->server()->control().weight.load;
    if (std::abs(now - before) > before * kNoticedChange) servers_[i]->weight().set_load(now);
  }
}

}  // namespace ravelin::gateway
