#include "certs/view/store_upkeep.h"

#include "certs/view/store_follower.h"
#include "tests/certs/store/store_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>

namespace ravelin::certs {
namespace {

namespace fs = std::filesystem;
using test::StoreLab;
using ::testing::HasSubstr;

struct WhyCase {
  const char* name;
  IndexFacts facts;
  const char* why;  // part of it; "" = none
};

class WhyIndexAnew : public testing::TestWithParam<WhyCase> {};

TEST_P(WhyIndexAnew, IsDecidedByWhatIsThere) {
  const std::string why = why_index_anew(GetParam().facts);
  if (*GetParam().why == '\0')
    EXPECT_EQ(why, "");
  else
    EXPECT_THAT(why, HasSubstr(GetParam().why));
}

INSTANTIATE_TEST_SUITE_P(
    All, WhyIndexAnew,
    testing::Values(
        WhyCase{"AFewNeedNone", {.certificates = 1000}, ""},
        WhyCase{"ManyNeedOne", {.certificates = 1001}, "none that can be used"},
        WhyCase{"ItWillDo", {.certificates = 50'000, .is_usable = true, .changed = 500}, ""},
        WhyCase{"AHundredthHasChanged",
                {.certificates = 50'000, .is_usable = true, .changed = 501},
                "501 certificates have changed"},
        WhyCase{"AThousandIsMuchHoweverManyThereAre",
                {.certificates = 1'000'000, .is_usable = true, .changed = 1001},
                "1001 certificates"},
        WhyCase{
            "AFewOfAFewAreNothing", {.certificates = 200, .is_usable = true, .changed = 100}, ""},
        WhyCase{"ARevokedKeyMayBeInIt",
                {.certificates = 200, .is_usable = true, .has_revoked = true},
                "a key was revoked"},
        WhyCase{"ALongJournalHasToBeReadEachTime",
                {.certificates = 200, .is_usable = true, .changed = 3, .bytes_since = 1'100'000},
                "the journal has grown long"}),
    [](const auto& row) { return std::string(row.param.name); });

using namespace std::chrono_literals;

constexpr CompactionRules kEager{.keep_bytes = 0, .cut_bytes = 1};

TEST(StoreUpkeep, DoesNothingTwice) {
  StoreLab lab;
  lab.serve("a.example.test");
  StoreUpkeep upkeep(lab.store);
  const auto done = upkeep.tend({});
  EXPECT_FALSE(done.indexed || done.compacted);
  EXPECT_FALSE(fs::exists(lab.path("gateway/public.bin")));
}

TEST(StoreUpkeep, ARevokedKeyLeavesTheIndex) {
  StoreLab lab;
  lab.serve("a.example.test");
  const Generation other =
      test::make_generation({{.names = {"b.example.test"}, .key = test::TestKey::p384}});
  lab.serve("b.example.test", other);
  ASSERT_TRUE(rebuild_index(lab.store));
  StoreUpkeep upkeep(lab.store);
  EXPECT_FALSE(upkeep.tend({}).indexed);
  ASSERT_TRUE(lab.store.revoke_key(other.info.ec->spki_sha256));
  // Files made within the same few milliseconds have the same time.
  const auto now = fs::file_time_type::clock::now();
  fs::last_write_time(lab.path("gateway/public.bin"), now - 2s);
  fs::last_write_time(lab.store.paths().revoked_keys(), now - 1s);
  EXPECT_TRUE(upkeep.tend({}).indexed);
  EXPECT_EQ((*open_index(lab.store.paths(), 1))->reader.size(), 1U);
  EXPECT_FALSE(upkeep.tend({}).indexed);
}

TEST(StoreUpkeep, FollowersAndWhoStartsFromTheIndexMissNothingWhenTheJournalIsCut) {
  StoreLab lab;
  lab.serve("a.example.test");
  lab.serve("b.example.test");
  ASSERT_TRUE(rebuild_index(lab.store));
  auto follower = StoreFollower::open(lab.root(), {});
  ASSERT_TRUE(follower);
  StoreUpkeep upkeep(lab.store, kEager);
  EXPECT_TRUE(upkeep.tend({}).compacted);
  EXPECT_FALSE((*follower)->poll({}));
  lab.serve("a.example.test");
  EXPECT_TRUE((*follower)->poll({}));
  EXPECT_EQ((*follower)->store_view()->fact("a.example.test")->generation, 2U);
  EXPECT_EQ((*follower)->trouble(), "");
  const auto later = StoreFollower::open(lab.root(), {});
  ASSERT_TRUE(later);
  EXPECT_TRUE((*later)->start().used_index) << (*later)->start().why_not;
  EXPECT_EQ((*later)->store_view()->fact("a.example.test")->generation, 2U);
}

TEST(StoreUpkeep, AProcessThatIsToEndLeavesTheOldIndex) {
  StoreLab lab;
  for (int i = 0; i < 65; ++i)
    lab.serve(fmt::format("n{}.example.test", i));
  ASSERT_TRUE(rebuild_index(lab.store));
  const std::string before = test::read_text(lab.path("gateway/public.bin"));
  ASSERT_TRUE(lab.store.revoke_key(std::string(64, 'a')));
  std::stop_source stop;
  stop.request_stop();
  StoreUpkeep upkeep(lab.store);
  EXPECT_FALSE(upkeep.tend(stop.get_token()).indexed);
  EXPECT_EQ(test::read_text(lab.path("gateway/public.bin")), before);
}

// A process that makes the index and cuts the journal over and over, killed at any moment: whoever
// starts afterwards finds an index it can use, and nothing of what was published is missing.
TEST(StoreUpkeep, KilledAnywhereItLeavesAnIndexThatCanBeUsed) {
  StoreLab lab;
  for (int i = 0; i < 80; ++i)
    lab.serve(fmt::format("n{:02}.example.test", i));
  ASSERT_TRUE(rebuild_index(lab.store));
  std::uint64_t served = 1;
  for (int round = 0; round < 25; ++round) {
    std::array<int, 2> steps{};
    ASSERT_EQ(::pipe(steps.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      for (;;) {
        const auto made =
            rebuild_index(lab.store, [&steps] { return ::write(steps[1], "s", 1) == 1; });
        const bool is_new = made.has_value();
        const auto index = open_index(lab.store.paths(), 1);
        if (is_new && index)
          static_cast<void>(compact_journal(lab.store.paths().journal(),
                                            (*index)->reader.head().journal, kEager));
        static_cast<void>(::write(steps[1], "d", 1) != 1);
      }
    }
    // A varying number of steps in: now and then in the middle of an index, now and then behind it.
    std::array<char, 1> step{};
    for (int i = 0; i <= round % 5; ++i)
      ASSERT_EQ(::read(steps[0], step.data(), 1), 1);
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    ::close(steps[0]);
    ::close(steps[1]);
    served = lab.serve("n07.example.test");
    const auto follower = StoreFollower::open(lab.root(), {});
    ASSERT_TRUE(follower) << follower.error().message;
    ASSERT_TRUE((*follower)->start().used_index) << (*follower)->start().why_not;
    ASSERT_EQ((*follower)->store_view()->size(), 80U);
    ASSERT_EQ((*follower)->store_view()->fact("n07.example.test")->generation, served);
  }
  // What the killed ones have left goes with the next.
  ASSERT_TRUE(rebuild_index(lab.store));
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(lab.root()))
    files += entry.path().filename().string().find(".bin") != std::string::npos ? 1 : 0;
  EXPECT_EQ(files, 2U);
}

}  // namespace
}  // namespace ravelin::certs
