#include "certs/store/lease.h"

#include "tests/certs/store/store_lab.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace ravelin::certs {
namespace {

using namespace std::chrono_literals;
using base::Errc;
using std::chrono::sys_seconds;
using ::testing::HasSubstr;

// Longer than any test: nothing is renewed while one runs.
constexpr std::chrono::seconds kLong = 10min;

sys_seconds now() {
  return std::chrono::floor<std::chrono::seconds>(base::wall_now());
}

LeaseHolder elsewhere() {
  return {"other-host", "boot-2", 4711, 99, "renew"};
}

TEST(LeaseRecord, IsReadAsWritten) {
  const LeaseRecord record{7, elsewhere(), sys_seconds(100s), sys_seconds(160s)};
  const std::string text = format_lease(record);
  const auto parsed = parse_lease(text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->fence, record.fence);
  EXPECT_EQ(parsed->holder, record.holder);
  EXPECT_EQ(parsed->since, record.since);
  EXPECT_EQ(parsed->expires, record.expires);
  EXPECT_TRUE(parse_lease(text + std::string(50, ' ')));
  EXPECT_EQ(parse_lease("{}").error().message,
            "the record of a lease: \"fence\" is missing or of another type");
  EXPECT_EQ(parse_lease(text.substr(0, 40)).error().message,
            "the record of a lease is no JSON object");
}

struct FreeCase {
  const char* title;
  LeaseHolder holder;
  sys_seconds expires;
  bool lives;
  bool is_free;
};

TEST(LeaseRecord, IsFreeWhenItsHolderCannotComeBack) {
  const LeaseHolder asking{"gw1", "boot-1", 10, 100, "rotate"};
  const LeaseHolder here{"gw1", "boot-1", 20, 200, "rotate"};
  const LeaseHolder before_reboot{"gw1", "boot-0", 20, 200, "rotate"};
  const LeaseHolder far{"gw2", "boot-2", 20, 200, "rotate"};
  const sys_seconds at(1000s);
  const FreeCase rows[] = {
      {"GivenBack", here, {}, true, true},
      {"HeldHere", here, at + 1s, true, false},
      {"HolderIsGone", here, at + 1s, false, true},
      {"ExpiredThisSecond", here, at, true, true},
      {"BeforeTheReboot", before_reboot, at + 1s, true, true},
      {"HeldElsewhere", far, at + 1s, true, false},
      {"ElsewhereNobodyCanSeeIfItLives", far, at + 1s, false, false},
      {"ElsewhereExpired", far, at, false, true},
      {"ElsewhereByAnotherClock", far, at + 10min, false, false},
      {"ElsewhereByAWrongClock", far, at + 10min + 1s, false, true},
      {"HereByAWrongClock", here, at + 24h, true, true},
  };
  for (const FreeCase& row : rows)
    EXPECT_EQ(is_free({1, row.holder, {}, row.expires}, asking, row.lives, at), row.is_free)
        << row.title;
}

class LeaseOnDisk : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return dir_.path("www.example.test"); }

  [[nodiscard]] Result<std::unique_ptr<Lease>> take(std::string doing = "rotate") const {
    return Lease::take(path(), this_process(std::move(doing)), kLong);
  }

  void put(const LeaseRecord& record) const {
    dir_.write("www.example.test", format_lease(record));
  }

  [[nodiscard]] LeaseRecord found() const {
    const auto record = parse_lease(test::read_text(path()));
    EXPECT_TRUE(record);
    return record ? *record : LeaseRecord{};
  }

  ravelin::test::TempDir dir_;
};

TEST_F(LeaseOnDisk, OneHasItAtATime) {
  auto first = take();
  ASSERT_TRUE(first);
  EXPECT_EQ((*first)->fence(), 1U);
  EXPECT_EQ(std::filesystem::status(path()).permissions(), std::filesystem::perms(0600));
  const auto second = take();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::conflict);
  EXPECT_THAT(second.error().message,
              HasSubstr(fmt::format("is held by process {} on {} (rotate) since ", ::getpid(),
                                    this_process("").node)));
  bool has_run = false;
  EXPECT_TRUE((*first)->while_held([&]() -> Result<> {
    has_run = true;
    return {};
  }));
  EXPECT_TRUE(has_run);
}

TEST_F(LeaseOnDisk, GivenBackItGoesOnWithAHigherFence) {
  ASSERT_TRUE(take("a rather long word for what is being done"));
  EXPECT_EQ(found().expires, sys_seconds{});
  const auto next = take("x");
  ASSERT_TRUE(next);
  EXPECT_EQ((*next)->fence(), 2U);
  EXPECT_EQ(found().holder.doing, "x");
}

TEST_F(LeaseOnDisk, AStepFailsAsItself) {
  const auto lease = take();
  ASSERT_TRUE(lease);
  const auto done = (*lease)->while_held([]() -> Result<> { return base::fail(Errc::io, "full"); });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, "full");
}

TEST_F(LeaseOnDisk, WhoeverWasPassedIsRefused) {
  auto lease = take();
  ASSERT_TRUE(lease);
  const LeaseRecord other{(*lease)->fence() + 1, elsewhere(), now(), now() + kLong};
  put(other);
  bool has_run = false;
  const auto done = (*lease)->while_held([&]() -> Result<> {
    has_run = true;
    return {};
  });
  ASSERT_FALSE(done);
  EXPECT_FALSE(has_run);
  EXPECT_EQ(done.error().code, Errc::conflict);
  EXPECT_THAT(done.error().message,
              HasSubstr("the lease has gone to process 4711 on other-host (renew) since "));
  // And what it gives back is not the other's.
  lease->reset();
  EXPECT_EQ(found().fence, other.fence);
  EXPECT_EQ(found().expires, other.expires);
}

TEST_F(LeaseOnDisk, ADeadProcessHoldsNothing) {
  LeaseHolder dead = this_process("rotate");
  dead.started += 1;  // another process that had this number
  put({5, dead, now(), now() + kLong});
  const auto lease = take();
  ASSERT_TRUE(lease) << lease.error().message;
  EXPECT_EQ((*lease)->fence(), 6U);
}

TEST_F(LeaseOnDisk, AnotherMachineHoldsItUntilItExpires) {
  put({5, elsewhere(), now() - kLong, now() + kLong});
  EXPECT_EQ(take().error().code, Errc::conflict);
  put({5, elsewhere(), now() - kLong, now() - 1s});
  const auto lease = take();
  ASSERT_TRUE(lease);
  EXPECT_EQ((*lease)->fence(), 6U);
}

TEST_F(LeaseOnDisk, WhatCannotBeReadIsNotTakenOver) {
  dir_.write("www.example.test", "{\"fence\":");
  const auto lease = take();
  ASSERT_FALSE(lease);
  EXPECT_EQ(lease.error().message, path() + ": the record of a lease is no JSON object");
  dir_.write("www.example.test", "");
  EXPECT_TRUE(take());
  std::filesystem::create_symlink(path(), dir_.path("link"));
  EXPECT_FALSE(Lease::take(dir_.path("link"), this_process("x"), kLong));
}

}  // namespace
}  // namespace ravelin::certs
