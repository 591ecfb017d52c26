// A keeper over a kernel in memory and a directory of its own, with clocks that a test moves.
#pragma once

#include "firewall/control/feed_table.h"
#include "firewall/control/keeper.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

namespace ravelin::firewall {

using namespace std::chrono_literals;

class FakeTimes final : public Times {
 public:
  [[nodiscard]] std::chrono::sys_seconds wall() const override { return wall_; }

  [[nodiscard]] BootTime boot() const override { return {boot_id, since_boot}; }

  void advance(std::chrono::seconds by) {
    wall_ += by;
    since_boot += by;
  }

  // Somebody sets the clock.
  void set_wall(std::chrono::seconds by) { wall_ += by; }

  std::string boot_id = "boot-1";
  std::chrono::nanoseconds since_boot{100s};

 private:
  std::chrono::sys_seconds wall_{1'800'000'000s};
};

inline PolicyBundle policy(std::string_view ports) {
  PolicyBundle bundle;
  bundle.path = "/p.yaml";
  bundle.directory = "/";
  bundle.files["/p.yaml"] = {"p", fmt::format(R"(policy: v1
name: test
zones:
  wan: {{ interfaces: [eth0] }}
bans: {{ never: [192.0.2.77] }}
rules:
  wan -> host:
    - {{ allow: [{}], id: web }}
  host -> wan:
    - allow: any
)",
                                              ports)};
  return bundle;
}

// One life of the process; the kernel and the disk outlive it.
class Life {
 public:
  Life(FakeKernel& kernel, const std::string& path, const FakeTimes& times)
      : state_(std::move(*StateDir::open(path))),
        feeds_(times),
        keeper(kernel, state_, times, feeds_) {}

 private:
  StateDir state_;
  FeedTable feeds_;

 public:
  Keeper keeper;
};

class KeeperTest : public testing::Test {
 protected:
  void start() {
    life_.reset();
    life_ = std::make_unique<Life>(kernel_, temp_.path("firewall"), times_);
    const auto said = keeper().recover();
    ASSERT_TRUE(said) << said.error().message;
    said_ = *said;
  }

  Keeper& keeper() { return life_->keeper; }

  void SetUp() override { start(); }

  Result<Keeper::Applied> apply(std::string_view ports,
                                std::optional<std::chrono::seconds> within = {}) {
    return keeper().apply(policy(ports), {within, "tester"});
  }

  // The ports that the table in the kernel lets in from wan.
  [[nodiscard]] std::vector<int> open_ports() const {
    std::vector<int> ports;
    if (!kernel_.table()) return {-1};
    const Ruleset ruleset = kernel_.ruleset();
    for (const Set& set : ruleset.sets) {
      if (!set.is_verdict_map || set.key.size() != 2) continue;
      for (const Element& element : set.elements)
        ports.push_back(element.key.at(4) << 8 | element.key.at(5));
    }
    std::sort(ports.begin(), ports.end());
    return ports;
  }

  test::TempDir temp_;
  FakeKernel kernel_;
  FakeTimes times_;
  std::unique_ptr<Life> life_;
  std::vector<std::string> said_;
};

}  // namespace ravelin::firewall
