// What the keeper puts into the set that tightens limits while the gateway is overloaded.
#include "firewall/compile/key_bytes.h"
#include "firewall/control/keeper.h"
#include "firewall/control/standing_set.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

std::vector<Element> elements_of(const policies::Overload& overload,
                                 std::chrono::milliseconds duration) {
  std::vector<Element> elements;
  elements.reserve(overload.ports.size());
  for (const std::uint16_t port : overload.ports) {
    Element element{.key = port_bytes(port)};
    element.timeout = duration;
    elements.push_back(std::move(element));
  }
  return elements;
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
  Transaction steps{FlushSet{set->name}};
  if (duration.count() != 0)
    steps.emplace_back(AddElements{set->name, elements_of(*policy_->overload, duration)});
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
