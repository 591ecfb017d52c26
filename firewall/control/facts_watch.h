// What a policy asks of the world, looked at again while it is in force: names that mean other
// addresses now, prefixes that are delegated anew, addresses this host has got. One thread, but for
// names: a resolver takes its time, so those policies are looked at on a thread of their own.
#pragma once

#include "firewall/control/prepare.h"
#include "firewall/control/times.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace ravelin::firewall {

class FactsWatch {
 public:
  static constexpr std::chrono::seconds kEvery{10};
  static constexpr std::chrono::seconds kNamesEvery{60};  // all of it, where the policy has names
  static constexpr std::chrono::minutes kTellAgainAfter{10};
  // An address that a name had: answers that take turns end in one set.
  static constexpr std::chrono::minutes kNameKept{30};

  // `make` makes what looks; each look has its own.
  using MakeFinder = std::function<std::unique_ptr<FactFinder>()>;
  using ReadBundle = std::function<Result<PolicyBundle>()>;

  FactsWatch(MakeFinder make, const Times& times) : make_(std::move(make)), times_(times) {}

  // The bundle of the revision that is in force with the facts as they are now, if those are
  // others. What is not found any more is what it was: a resolver that is away, an interface that
  // has no address yet. None: all is as it is, the answer is awaited, or it was told less than
  // kTellAgainAfter ago. Does not wait.
  std::optional<PolicyBundle> look(std::uint64_t revision, const ReadBundle& read);

  // The bundle that look() gave last is what that revision is now.
  void took(PolicyBundle bundle) { watched_->bundle = std::move(bundle); }

 private:
  struct Watched {
    std::uint64_t revision = 0;
    PolicyBundle bundle;
    std::shared_ptr<const policies::ParsedPolicy> parsed;  // null: it asks for nothing
  };

  // By name, when each address was last seen.
  using Seen = std::map<std::string, std::map<base::IpAddress, std::chrono::nanoseconds>>;

  Result<> watch(std::uint64_t revision, const ReadBundle& read);
  void ask();
  void keep_known(policies::Facts& now, std::chrono::nanoseconds at);

  MakeFinder make_;
  const Times& times_;
  std::optional<Watched> watched_;
  std::future<policies::Facts> answer_;
  std::chrono::nanoseconds next_{0}, tell_again_{0};  // since the boot
  std::string told_;                                  // hash of the bundle
  Seen seen_;
  std::jthread asking_;  // the end waits for it: for as long as a resolver is silent, half a minute
};

}  // namespace ravelin::firewall
