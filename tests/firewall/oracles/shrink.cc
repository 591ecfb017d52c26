#include "tests/firewall/oracles/shrink.h"

#include <algorithm>

namespace ravelin::firewall::oracles {
namespace {

using policies::NatRule;
using policies::RuleList;
using policies::ZoneId;

class Shrinker {
 public:
  Shrinker(Case asked, const Fails& fails) : now_(std::move(asked)), fails_(fails) {}

  Case run() {
    do {
      has_changed_ = false;
      pass();
    } while (has_changed_);
    return std::move(now_);
  }

 private:
  // Keeps a change that still fails.
  template <class Change>
  bool attempt(const Change& change) {
    Case smaller = now_;
    if (!change(smaller) || !fails_(smaller)) return false;
    now_ = std::move(smaller);
    has_changed_ = true;
    return true;
  }

  // Takes away what it can of a vector, whole halves first; `of` finds it in a case.
  template <class Of>
  void thin(const Of& of) {
    for (std::size_t step = std::max<std::size_t>(of(now_).size() / 2, 1); step > 0; step /= 2) {
      for (std::size_t at = 0; at + step <= of(now_).size();) {
        const bool is_less = attempt([&](Case& smaller) {
          auto& list = of(smaller);
          const auto first = list.begin() + static_cast<std::ptrdiff_t>(at);
          list.erase(first, first + static_cast<std::ptrdiff_t>(step));
          return true;
        });
        if (!is_less) at += step;
      }
    }
  }

  template <class Of>
  void clear(const Of& of) {
    attempt([&](Case& smaller) {
      auto& value = of(smaller);
      const std::remove_reference_t<decltype(value)> nothing{};
      if (value == nothing) return false;
      value = nothing;
      return true;
    });
  }

  template <class Of>
  void shrink_match(const Of& of) {
    clear(of);
    if (of(now_).ranges.size() > 1) thin([&](Case & one) -> auto& { return of(one).ranges; });
    if (of(now_).feeds.size() > 1) thin([&](Case & one) -> auto& { return of(one).feeds; });
  }

  // Zones left in a list, one at least.
  template <class Of>
  void shrink_some(const Of& of) {
    for (std::size_t i = 0; of(now_).size() > 1 && i < of(now_).size();) {
      const bool is_less = attempt([&](Case& smaller) {
        of(smaller).erase(of(smaller).begin() + static_cast<std::ptrdiff_t>(i));
        return true;
      });
      if (!is_less) ++i;
    }
  }

  void shrink_rule(std::size_t list, std::size_t at) {
    const auto rule = [=](Case& one) -> policies::Rule& {
      return one.policy.lists[list].rules[at];
    };
    clear([&](Case & one) -> auto& { return rule(one).services; });
    shrink_some([&](Case & one) -> auto& { return rule(one).services; });
    shrink_match([&](Case & one) -> auto& { return rule(one).from; });
    shrink_match([&](Case & one) -> auto& { return rule(one).to; });
    clear([&](Case & one) -> auto& { return rule(one).via; });
    clear([&](Case & one) -> auto& { return rule(one).owner; });
    clear([&](Case & one) -> auto& { return rule(one).per_source.connections; });
    clear([&](Case & one) -> auto& { return rule(one).per_source.new_connections; });
    clear([&](Case & one) -> auto& { return rule(one).per_source; });
    clear([&](Case & one) -> auto& { return rule(one).limit; });
    clear([&](Case & one) -> auto& { return rule(one).ban; });
    clear([&](Case & one) -> auto& { return rule(one).log; });
    clear([&](Case & one) -> auto& { return rule(one).when; });
    clear([&](Case & one) -> auto& { return rule(one).until; });
    clear([&](Case & one) -> auto& { return rule(one).id; });
  }

  void shrink_list(std::size_t at) {
    const auto list = [=](Case& one) -> RuleList& { return one.policy.lists[at]; };
    thin([&](Case & one) -> auto& { return list(one).rules; });
    for (std::size_t i = 0; i < now_.policy.lists[at].rules.size(); ++i)
      shrink_rule(at, i);
    attempt([&](Case& one) { return std::exchange(list(one).from_any, false); });
    attempt([&](Case& one) { return std::exchange(list(one).to_any, false); });
    if (!list(now_).from_any) shrink_some([&](Case & one) -> auto& { return list(one).from; });
    if (!list(now_).to_any) shrink_some([&](Case & one) -> auto& { return list(one).to; });
  }

  void shrink_nat(std::size_t at) {
    const auto nat = [=](Case& one) -> NatRule& { return one.policy.nat[at]; };
    shrink_some([&](Case & one) -> auto& { return nat(one).via; });
    shrink_some([&](Case & one) -> auto& { return nat(one).services; });
    shrink_match([&](Case & one) -> auto& { return nat(one).from; });
    clear([&](Case & one) -> auto& { return nat(one).to_port; });
    clear([&](Case & one) -> auto& { return nat(one).per_source; });
    clear([&](Case & one) -> auto& { return nat(one).limit; });
    clear([&](Case & one) -> auto& { return nat(one).until; });
  }

  // The last zone, when nothing names it.
  void shrink_zones() {
    attempt([](Case& one) {
      const auto last = static_cast<ZoneId>(one.policy.zones.size()) - 1;
      const auto drop = [&](std::vector<ZoneId>& zones) { std::erase(zones, last); };
      for (RuleList& list : one.policy.lists) {
        drop(list.from);
        drop(list.to);
      }
      for (NatRule& nat : one.policy.nat)
        drop(nat.via);
      one.policy.zones.pop_back();
      return one.policy.zones.size() > 1;
    });
    for (std::size_t i = 0; i < now_.policy.zones.size(); ++i) {
      clear([&](Case & one) -> auto& { return one.policy.zones[i].networks; });
      shrink_some([&](Case & one) -> auto& { return one.policy.zones[i].interfaces; });
    }
  }

  void pass() {
    thin([](Case & one) -> auto& { return one.packets; });
    thin([](Case & one) -> auto& { return one.policy.lists; });
    thin([](Case & one) -> auto& { return one.policy.nat; });
    thin([](Case & one) -> auto& { return one.banned; });
    shrink_zones();
    for (std::size_t i = 0; i < now_.policy.lists.size(); ++i)
      shrink_list(i);
    for (std::size_t i = 0; i < now_.policy.nat.size(); ++i)
      shrink_nat(i);
    clear([](Case & one) -> auto& { return one.policy.management; });
    clear([](Case & one) -> auto& { return one.policy.bans.never; });
    attempt([](Case& one) { return std::exchange(one.policy.is_icmp_strict, false); });
  }

  Case now_;
  const Fails& fails_;
  bool has_changed_ = false;
};

}  // namespace

Case shrunk(Case asked, const Fails& fails) {
  return Shrinker(std::move(asked), fails).run();
}

}  // namespace ravelin::firewall::oracles
