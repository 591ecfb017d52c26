// What the keeper puts into the sets that tighten limits while the gateway is overloaded.
#include "firewall/compile/key_bytes.h"
#include "firewall/control/keeper.h"
#include "firewall/control/standing_set.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

// Cookies that are under way when the answers end are taken, and so are the questions of clients
// whom this host has not answered yet.
constexpr std::chrono::seconds kCookiesTaken{10};

using Ports = std::vector<std::uint16_t>;

// What is in the set now, and for how long; nothing: it stays empty.
void refill(const Set* set, const Ports& ports, std::chrono::milliseconds duration,
            Transaction& steps) {
  if (set == nullptr) return;
  steps.emplace_back(FlushSet{set->name});
  if (duration.count() == 0) return;
  std::vector<Element> elements;
  elements.reserve(ports.size());
  for (const std::uint16_t port : ports) {
    Element element{.key = port_bytes(port)};
    element.timeout = duration;
    elements.push_back(std::move(element));
  }
  steps.emplace_back(AddElements{set->name, std::move(elements)});
}

}  // namespace

// Made anew when half of the time is over, not each time it is said.
Result<> Keeper::tighten(std::chrono::seconds duration) {
  const std::chrono::nanoseconds now = times_.boot().since_boot;
  const Set* set =
      live_ && policy_ && policy_->overload ? standing(*live_, set_names::kOverload) : nullptr;
  if (set == nullptr) tightened_until_ = {};
  if (set == nullptr && duration.count() == 0) return {};
  if (set == nullptr)
    return base::fail(base::Errc::not_found,
                      "the policy has no \"overload\": nothing can be tightened");
  const bool holds = tightened_until_ > now;
  if (duration.count() == 0 ? !holds : tightened_until_ - now > duration / 2) return {};
  Transaction steps;
  refill(set, policy_->overload->ports, duration, steps);
  if (const auto& synproxy = policy_->overload->synproxy) {
    refill(standing(*live_, set_names::kSynproxy), synproxy->ports, duration, steps);
    refill(standing(*live_, set_names::kSynproxyAck), synproxy->ports, duration + kCookiesTaken,
           steps);
  }
  if (auto done = kernel_.apply(steps, {}); !done)
    return base::wrap(done.error(), "limits hold as before");
  tightened_until_ = now + duration;
  return {};
}

std::chrono::seconds Keeper::tightened_for() const {
  const auto left =
      std::chrono::ceil<std::chrono::seconds>(tightened_until_ - times_.boot().since_boot);
  return std::max(left, std::chrono::seconds(0));
}

// The policy is another one: its ports, its set. What fails is done when the gateway says it again.
void Keeper::resume_overload() {
  const std::chrono::seconds left = tightened_for();
  if (left.count() == 0 || !policy_ || !policy_->overload) return;
  tightened_until_ = {};
  static_cast<void>(tighten(left));
}

}  // namespace ravelin::firewall
