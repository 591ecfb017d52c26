#include "gateway/upstream/load_watch.h"

#include "gateway/upstream/load_between.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace ravelin::gateway {

using namespace std::chrono_literals;

namespace {

// Smaller changes are not worth telling every worker.
constexpr double kNoticedChange = 0.02;

bool finds_outliers(const EjectionConfig& ejection) {
  return ejection.error_percent != 0 || ejection.latency_factor != 0;
}

OutlierRules outlier_rules(const EjectionConfig& ejection, base::Duration interval) {
  const auto intervals = static_cast<std::size_t>(ejection.window / interval);
  return {.interval_s = std::chrono::duration<double>(interval).count(),
          .window = std::max<std::size_t>(intervals, 1),
          .requests_min = ejection.requests_min,
          .error_excess = ejection.error_percent / 100.0,
          .latency_factor = ejection.latency_factor};
}

}  // namespace

bool LoadWatch::is_wanted(const PoolConfig& config) {
  return config.adaptive.has_value() || !config.weight_header.empty() ||
         finds_outliers(config.ejection) || config.circuit.has_value();
}

LoadWatch::LoadWatch(Reactor& reactor, std::shared_ptr<Pool> pool,
                     std::vector<WatchedServer*> servers)
    : reactor_(reactor),
      pool_(std::move(pool)),
      interval_(pool_->config().adaptive ? pool_->config().adaptive->interval : 1s),
      servers_(std::move(servers)),
      alarm_(reactor, [this] { tick(); }) {
  const PoolConfig& config = pool_->config();
  for (const WatchedServer* watched : servers_)
    seen_.push_back(watched->server()->signal_totals());
  if (config.adaptive) {
    const LoadRules rules{.interval = interval_,
                          .factor_min = config.weight_bounds.min_percent / 100.0};
    weights_.emplace(rules, servers_.size());
    for (std::size_t i = 0; i < servers_.size(); ++i)
      weights_->start_from(i, servers_[i]->server()->control().weight.load);
  }
  if (finds_outliers(config.ejection))
    outliers_.emplace(outlier_rules(config.ejection, interval_), servers_.size());
  if (config.circuit) circuit_.emplace(*config.circuit, interval_);
  due_ = reactor_.refresh_now() + interval_;
  alarm_.set(due_);
}

void LoadWatch::take_over(LoadWatch& before) {
  const PoolConfig& was = before.pool_->config();
  const PoolConfig& now = pool_->config();
  if (before.interval_ != interval_) return;
  due_ = before.due_;
  alarm_.set(due_);
  std::unordered_map<const WatchedServer*, std::size_t> known;
  for (std::size_t i = 0; i < before.servers_.size(); ++i)
    known.emplace(before.servers_[i], i);
  const bool keeps_weights = weights_ && before.weights_ && was.weight_bounds == now.weight_bounds;
  const bool keeps_outliers = outliers_ && before.outliers_ && was.ejection == now.ejection;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const auto found = known.find(servers_[i]);
    if (found == known.end()) continue;
    seen_[i] = before.seen_[found->second];
    if (keeps_weights) weights_->start_from(i, *before.weights_, found->second);
    if (keeps_outliers) outliers_->start_from(i, *before.outliers_, found->second);
  }
  if (!circuit_ || !before.circuit_ || was.circuit != now.circuit) return;
  circuit_ = std::move(before.circuit_);
  pool_->set_circuit(circuit_->state());
}

void LoadWatch::tick() {
  due_ = reactor_.refresh_now() + interval_;
  alarm_.set(due_);
  for (WatchedServer* watched : servers_) {
    if (const auto percent = watched->server()->take_reported_weight())
      watched->weight().set_reported_in_response(*percent);
  }
  if (!weights_ && !outliers_ && !circuit_) return;
  const std::vector<LoadSample> samples = take_samples();
  if (weights_) adapt(samples);
  if (circuit_) break_circuit(samples);
  if (!outliers_) return;
  if (const auto worst = outliers_->observe(samples)) servers_[worst->server]->eject(worst->why);
}

std::vector<LoadSample> LoadWatch::take_samples() {
  std::vector<LoadSample> samples;
  samples.reserve(servers_.size());
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const Server& server = *servers_[i]->server();
    const SignalTotals now = server.signal_totals();
    samples.push_back(load_between(seen_[i], now));
    samples.back().in_turn = server.is_usable() && server.weight() != 0;
    seen_[i] = now;
  }
  return samples;
}

void LoadWatch::break_circuit(const std::vector<LoadSample>& samples) {
  LoadSample all;
  for (const LoadSample& sample : samples) {
    all.attempts += sample.attempts;
    all.errors += sample.errors;
  }
  const Circuit before = circuit_->state();
  const Circuit now = circuit_->observe(all, reactor_.now());
  if (now == before) return;
  pool_->set_circuit(now);
  base::log(now == Circuit::open ? base::LogLevel::warn : base::LogLevel::info, "health",
            fmt::format("circuit {}", to_string(now)), {{"pool", pool_->config().name}});
}

void LoadWatch::adapt(const std::vector<LoadSample>& samples) {
  weights_->observe(samples);
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const double now = weights_->factor(i);
    const double before = servers_[i]->server()->control().weight.load;
    if (std::abs(now - before) > before * kNoticedChange) servers_[i]->weight().set_load(now);
  }
}

}  // namespace ravelin::gateway
