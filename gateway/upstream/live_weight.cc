#include "gateway/upstream/live_weight.h"

#include <algorithm>

namespace ravelin::gateway {

using base::Duration;
using base::MonoTime;
using namespace std::chrono_literals;

namespace {

constexpr int kWarmUpSteps = 20;
constexpr Duration kWarmUpStepMin = 50ms;

}  // namespace

LiveWeight::LiveWeight(Reactor& reactor, std::shared_ptr<Server> server,
                       std::function<void()> changed)
    : reactor_(reactor),
      server_(std::move(server)),
      changed_(std::move(changed)),
      warm_up_(reactor, [this] { warm_up(); }) {}

void LiveWeight::use(const PoolConfig& config) {
  if (!config.adaptive) parts().load = 1.0;
  const bool is_reported = config.agent.has_value() || !config.weight_header.empty();
  if (!is_reported) parts().reported = 1.0;
  slow_start_ = config.slow_start;
  if (parts().warmth < 1.0) warm_up();
  publish();
}

void LiveWeight::set_load(double factor) {
  parts().load = factor;
  publish();
}

void LiveWeight::set_reported(int percent) {
  parts().reported = percent / 100.0;
  publish();
}

void LiveWeight::set_reported_in_response(int percent) {
  if (percent != 0) return set_reported(percent);
  // A 0 of its agent or in a health answer stands.
  if (parts().reported != 0) set_reported(server_->control().weight_bounds.min_percent);
}

void LiveWeight::became_usable() {
  usable_since_ = reactor_.refresh_now();
  warm_up();
}

void LiveWeight::warm_up() {
  const MonoTime now = reactor_.refresh_now();
  parts().warmth = slow_start_warmth(now - usable_since_, slow_start_);
  if (parts().warmth < 1.0)
    warm_up_.set(now + std::max<Duration>(slow_start_ / kWarmUpSteps, kWarmUpStepMin));
  publish();
}

void LiveWeight::publish() {
  if (server_->publish_weight()) changed_();
}

}  // namespace ravelin::gateway
