#include "certs/view/store_follower.h"

#include "base/io/file.h"
#include "certs/store/durable.h"
#include "certs/store/record_lines.h"
#include "certs/view/store_index.h"
#include "tests/certs/store/store_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>

namespace ravelin::certs {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using base::MonoTime;
using test::StoreLab;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const std::string kFollowedName = "www.example.test";
const std::string kOther = "b.example.test";

class Follower : public testing::Test {
 protected:
  // From the store as it is now.
  StoreFollower& open(const FollowOptions& options = {}) {
    auto opened = StoreFollower::open(lab_.root(), options);
    EXPECT_TRUE(opened) << opened.error().message;
    follower_ = std::move(*opened);
    return *follower_;
  }

  // The generation that is served; 0 = none.
  [[nodiscard]] std::uint64_t served(const std::string& name) const {
    const auto fact = follower_->store_view()->fact(name);
    const bool is_found = !follower_->view()->find(name).is_empty();
    EXPECT_EQ(fact.has_value(), is_found) << name;
    return fact ? fact->generation : 0;
  }

  bool poll(std::chrono::milliseconds at = 0s) { return follower_->poll(MonoTime{at}); }

  StoreLab lab_;
  std::unique_ptr<StoreFollower> follower_;
};

TEST_F(Follower, WithoutAnIndexEveryCertificateIsRead) {
  lab_.serve(kFollowedName);
  lab_.serve(kOther);
  const StoreFollower& follower = open();
  EXPECT_FALSE(follower.start().used_index);
  EXPECT_THAT(follower.start().why_not, HasSubstr("public.bin"));
  EXPECT_EQ(follower.store_view()->size(), 2U);
  EXPECT_EQ(served(kFollowedName), 1U);
  EXPECT_FALSE(poll());
}

TEST_F(Follower, WithAnIndexOnlyWhatCameAfterItIsRead) {
  lab_.serve(kFollowedName);
  lab_.serve(kOther);
  ASSERT_TRUE(rebuild_index(lab_.store));
  lab_.serve(kOther);
  // Not looked at: nothing was announced of it.
  fs::rename(lab_.path("gateway/certs/" + kFollowedName), lab_.path("gateway/certs/.away"));
  const StoreFollower& follower = open();
  EXPECT_TRUE(follower.start().used_index);
  EXPECT_EQ(follower.start().why_not, "");
  EXPECT_EQ(served(kFollowedName), 1U);
  EXPECT_EQ(served(kOther), 2U);
  EXPECT_EQ(follower.store_view()->size(), 2U);
}

TEST_F(Follower, AnIndexOfAnotherJournalIsNotUsed) {
  lab_.serve(kFollowedName);
  ASSERT_TRUE(rebuild_index(lab_.store));
  std::string journal = test::read_text(lab_.path("gateway/journal"));
  journal[20] = journal[20] == '1' ? '2' : '1';
  ASSERT_TRUE(base::replace_file(lab_.path("gateway/journal"), journal, 0600));
  EXPECT_FALSE(open().start().used_index);
  EXPECT_EQ(follower_->start().why_not, "it is not of this store's journal");
  EXPECT_EQ(served(kFollowedName), 1U);
}

TEST_F(Follower, ABrokenIndexIsNotUsed) {
  lab_.serve(kFollowedName);
  ASSERT_TRUE(rebuild_index(lab_.store));
  const std::string path = public_index(lab_.store.paths());
  std::string bytes = test::read_text(path);
  bytes[70] = static_cast<char>(bytes[70] ^ 1);
  ASSERT_TRUE(base::replace_file(path, bytes, 0600));
  EXPECT_FALSE(open().start().used_index);
  EXPECT_EQ(follower_->start().why_not, "the index of the store is damaged");
  EXPECT_EQ(served(kFollowedName), 1U);
}

TEST_F(Follower, TakesOverWhatIsPublished) {
  lab_.serve(kFollowedName);
  open();
  const auto before = follower_->store_view();
  EXPECT_FALSE(poll());
  EXPECT_EQ(follower_->store_view(), before);
  lab_.serve(kFollowedName);
  lab_.serve(kOther);
  EXPECT_TRUE(poll());
  EXPECT_EQ(served(kFollowedName), 2U);
  EXPECT_EQ(served(kOther), 1U);
  EXPECT_GT(follower_->store_view()->revision(), before->revision());
  EXPECT_EQ(before->fact(kFollowedName)->generation, 1U);
  EXPECT_FALSE(poll());
}

TEST_F(Follower, TakesOverARollback) {
  lab_.serve(kFollowedName);
  lab_.serve(kFollowedName);
  open();
  EXPECT_EQ(served(kFollowedName), 2U);
  ASSERT_TRUE(lab_.store.publish(*lab_.lease(kFollowedName), kFollowedName, 1));
  EXPECT_TRUE(poll());
  EXPECT_EQ(served(kFollowedName), 1U);
}

TEST_F(Follower, IsReadableWhenTheJournalGrows) {
  lab_.serve(kFollowedName);
  open();
  ASSERT_GE(follower_->fd(), 0);
  pollfd waiting{follower_->fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 0);
  lab_.serve(kFollowedName);
  EXPECT_EQ(::poll(&waiting, 1, 0), 1);
  poll();
  EXPECT_EQ(::poll(&waiting, 1, 0), 0);
}

TEST_F(Follower, DoesSoMuchAtATime) {
  open({.changes_per_poll = 2});
  for (const char* name : {"a.example.test", "b.example.test", "c.example.test"})
    lab_.serve(name);
  EXPECT_TRUE(poll());
  EXPECT_EQ(follower_->store_view()->size(), 2U);
  EXPECT_TRUE(follower_->has_more());
  EXPECT_TRUE(poll());
  EXPECT_EQ(follower_->store_view()->size(), 3U);
  EXPECT_FALSE(follower_->has_more());
}

// Who publishes crashed between the journal and the link, or is not there yet.
TEST_F(Follower, LooksAgainAtWhatWasAnnouncedAndNotClosed) {
  lab_.serve(kFollowedName);
  open();
  const auto lease = lab_.lease(kFollowedName);
  ASSERT_TRUE(
      lab_.store.keep(*lease, kFollowedName, test::make_generation({{.names = {kFollowedName}}})));
  ASSERT_TRUE(append_line(lab_.path("gateway/journal"), "begin www.example.test 000002"));
  EXPECT_FALSE(poll(10s));
  ASSERT_TRUE(point_link(lab_.path("gateway/certs/www.example.test/current"), "gen/000002"));
  EXPECT_FALSE(poll(10s));
  EXPECT_TRUE(poll(11s));
  EXPECT_EQ(served(kFollowedName), 2U);
  EXPECT_FALSE(poll(12s));
}

TEST_F(Follower, ServesNoMoreWhatIsGone) {
  lab_.serve(kFollowedName);
  lab_.serve(kOther);
  open();
  ASSERT_TRUE(lab_.store.remove(*lab_.lease(kFollowedName), kFollowedName));
  EXPECT_TRUE(poll());
  EXPECT_EQ(served(kFollowedName), 0U);
  EXPECT_EQ(served(kOther), 1U);
  EXPECT_THAT(follower_->refused(), IsEmpty());
}

// A removal is announced before the folder goes, and this was read in between.
TEST_F(Follower, LooksAgainAtWhatIsGoingUntilItIsGone) {
  lab_.serve(kFollowedName);
  open();
  ASSERT_TRUE(append_line(lab_.path("gateway/journal"), "gone www.example.test"));
  EXPECT_FALSE(poll(10s));
  EXPECT_EQ(served(kFollowedName), 1U);
  fs::rename(lab_.path("gateway/certs/www.example.test"), lab_.path("gateway/certs/.gone-x"));
  EXPECT_TRUE(poll(11s));
  EXPECT_EQ(served(kFollowedName), 0U);
}

TEST_F(Follower, OneThatIsRemovedAndMadeAnewIsTheNewOne) {
  for (const bool has_index : {false, true}) {
    lab_.serve(kFollowedName);
    if (has_index) {
      ASSERT_TRUE(rebuild_index(lab_.store));
    }
    open();
    const PairSet before = follower_->view()->find(kFollowedName);
    ASSERT_TRUE(lab_.store.remove(*lab_.lease(kFollowedName), kFollowedName));
    ASSERT_EQ(lab_.serve(kFollowedName), 1U);
    EXPECT_TRUE(poll());
    const PairSet after = follower_->view()->find(kFollowedName);
    ASSERT_NE(after.ec, nullptr);
    EXPECT_NE(after.ec->chain.info.serial, before.ec->chain.info.serial);
    ASSERT_TRUE(lab_.store.remove(*lab_.lease(kFollowedName), kFollowedName));
  }
}

TEST_F(Follower, ABrokenGenerationIsRefusedAndTheOneBeforeStays) {
  lab_.serve(kFollowedName);
  open();
  Generation broken = test::make_generation({{.names = {kFollowedName}}});
  broken.ec->key = key_to_pem(test::test_key(test::TestKey::other_p256));
  lab_.serve(kFollowedName, broken);
  EXPECT_FALSE(poll());
  EXPECT_EQ(served(kFollowedName), 1U);
  EXPECT_EQ(follower_->refused().at(kFollowedName),
            "generation 2: a key or certificate does not parse, or they do not belong together");
  lab_.serve(kFollowedName);
  EXPECT_TRUE(poll());
  EXPECT_EQ(served(kFollowedName), 3U);
  EXPECT_THAT(follower_->refused(), IsEmpty());
}

TEST_F(Follower, AKeyThatIsOpenToOthersIsRefused) {
  lab_.serve(kFollowedName);
  open();
  lab_.serve(kFollowedName);
  ASSERT_EQ(::chmod(lab_.path("private/keys/www.example.test/000002/ec.key").c_str(), 0644), 0);
  EXPECT_FALSE(poll());
  EXPECT_EQ(served(kFollowedName), 1U);
  EXPECT_THAT(follower_->refused().at(kFollowedName), StartsWith("E_KEY_PERMS: "));
}

TEST_F(Follower, ARevokedKeyIsNotServedForWantOfABetterOne) {
  const Generation generation = test::make_generation({{.names = {kFollowedName}}});
  lab_.serve(kFollowedName, generation);
  lab_.serve(kOther);
  open();
  ASSERT_TRUE(lab_.store.revoke_key(generation.info.ec->spki_sha256));
  ASSERT_TRUE(lab_.store.publish(*lab_.lease(kFollowedName), kFollowedName, 1));
  EXPECT_TRUE(poll());
  EXPECT_EQ(served(kFollowedName), 0U);
  EXPECT_THAT(follower_->refused().at(kFollowedName), StartsWith("E_KEY_COMPROMISED: "));
  open();
  EXPECT_EQ(served(kFollowedName), 0U);
}

TEST_F(Follower, ARevokedKeyIsNoticedWithoutAWordInTheJournal) {
  const Generation generation = test::make_generation({{.names = {kFollowedName}}});
  lab_.serve(kFollowedName, generation);
  lab_.serve({{.names = {kOther}, .key = test::TestKey::p384}});
  ASSERT_TRUE(rebuild_index(lab_.store));
  open();
  EXPECT_TRUE(follower_->start().used_index);
  EXPECT_FALSE(poll(10s));
  ASSERT_TRUE(lab_.store.revoke_key(generation.info.ec->spki_sha256));
  EXPECT_FALSE(poll(10s + 500ms));
  EXPECT_TRUE(poll(11s));
  EXPECT_EQ(served(kFollowedName), 0U);
  EXPECT_EQ(served(kOther), 1U);
  // An index that still has it is not used.
  open();
  EXPECT_EQ(follower_->start().why_not, "a key was revoked since it was made");
  EXPECT_EQ(served(kFollowedName), 0U);
  EXPECT_EQ(served(kOther), 1U);
}

// What is served need not be what the link leads to.
TEST_F(Follower, ARevokedKeyIsNotServedWhateverIsWrongWithTheNewestGeneration) {
  const auto damage_key = [this] {
    const std::string key = lab_.path("private/keys/www.example.test/000002/ec.key");
    std::ofstream(key) << "no key";  // in place: nothing new can be made in its folder
  };
  const auto open_key_to_others = [this] {
    const std::string key = lab_.path("private/keys/www.example.test/000002/ec.key");
    ASSERT_EQ(::chmod(key.c_str(), 0644), 0);
  };
  for (const std::function<void()>& spoil :
       {std::function<void()>(damage_key), std::function<void()>(open_key_to_others)}) {
    const Generation first = test::make_generation({{.names = {kFollowedName}}});
    ASSERT_EQ(lab_.serve(kFollowedName, first), 1U);
    open();
    lab_.serve({{.names = {kFollowedName}, .key = test::TestKey::p384}});
    spoil();
    EXPECT_FALSE(poll());
    EXPECT_EQ(served(kFollowedName), 1U);
    ASSERT_TRUE(lab_.store.revoke_key(first.info.ec->spki_sha256));
    EXPECT_TRUE(poll(1h));
    EXPECT_EQ(served(kFollowedName), 0U);
    EXPECT_FALSE(poll(2h));
    ASSERT_TRUE(lab_.store.remove(*lab_.lease(kFollowedName), kFollowedName));
    fs::remove(lab_.path("gateway/revoked/spki"));
  }
}

// The generation served has its key, and the link leads to one that nobody may use.
TEST_F(Follower, AGoodGenerationIsServedInPlaceOfARefusedOneWhoseKeyIsRevoked) {
  lab_.serve(kFollowedName);
  open();
  Generation broken =
      test::make_generation({{.names = {kFollowedName}, .key = test::TestKey::p384}});
  broken.ec->key = key_to_pem(test::test_key(test::TestKey::other_p256));
  lab_.serve(kFollowedName, broken);
  EXPECT_FALSE(poll());
  ASSERT_TRUE(lab_.store.revoke_key(broken.info.ec->spki_sha256));
  EXPECT_FALSE(poll(1h));
  EXPECT_EQ(served(kFollowedName), 1U);
  EXPECT_THAT(follower_->refused().at(kFollowedName), StartsWith("E_KEY_COMPROMISED: "));
}

// The same, of what is served from the index.
TEST_F(Follower, ARevokedKeyOfTheIndexIsNotServedWhenTheNewestGenerationIsDamaged) {
  const Generation first = test::make_generation({{.names = {kFollowedName}}});
  lab_.serve(kFollowedName, first);
  ASSERT_TRUE(rebuild_index(lab_.store));
  open();
  EXPECT_TRUE(follower_->start().used_index);
  lab_.serve({{.names = {kFollowedName}, .key = test::TestKey::p384}});
  std::ofstream(lab_.path("gateway/certs/www.example.test/gen/000002/ec.pem")) << "no";
  EXPECT_FALSE(poll());
  ASSERT_TRUE(lab_.store.revoke_key(first.info.ec->spki_sha256));
  EXPECT_TRUE(poll(1h));
  EXPECT_EQ(served(kFollowedName), 0U);
}

// The store was restored from elsewhere: numbers may be the same, certificates need not be.
TEST_F(Follower, AnotherJournalMeansThatEverythingIsLookedAt) {
  lab_.serve(kFollowedName);
  lab_.serve(kOther);
  open();
  const std::string before = follower_->view()->find(kFollowedName).ec->chain.info.serial;
  ASSERT_TRUE(lab_.store.remove(*lab_.lease(kFollowedName), kFollowedName));
  lab_.serve(kFollowedName);
  ASSERT_TRUE(lab_.store.remove(*lab_.lease(kOther), kOther));
  lab_.serve("c.example.test");
  ASSERT_TRUE(base::replace_file(lab_.path("gateway/journal"), format_head(4711), 0600));
  EXPECT_TRUE(poll());
  EXPECT_NE(follower_->view()->find(kFollowedName).ec->chain.info.serial, before);
  EXPECT_EQ(served("c.example.test"), 1U);
  EXPECT_EQ(served(kOther), 0U);
  EXPECT_FALSE(poll());
}

TEST_F(Follower, WhatIsServedOutlivesTheStore) {
  lab_.serve(kFollowedName);
  open();
  fs::rename(lab_.root(), lab_.root() + "-away");
  EXPECT_FALSE(poll());
  EXPECT_EQ(served(kFollowedName), 1U);
  EXPECT_THAT(follower_->trouble(), HasSubstr("opening " + lab_.path("gateway/journal")));
  fs::rename(lab_.root() + "-away", lab_.root());
  lab_.serve(kFollowedName);
  EXPECT_TRUE(poll());
  EXPECT_EQ(follower_->trouble(), "");
  EXPECT_EQ(served(kFollowedName), 2U);
}

TEST_F(Follower, OpensNoStoreThatOthersMayRead) {
  ASSERT_EQ(::chmod(lab_.root().c_str(), 0755), 0);
  const auto opened = StoreFollower::open(lab_.root(), {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, base::Errc::denied);
}

TEST_F(Follower, ChangesOverToANewIndexAndHoldsNothingOverIt) {
  lab_.serve(kFollowedName);
  lab_.serve(kOther);
  ASSERT_TRUE(rebuild_index(lab_.store));
  open({.rebase_from = 2});
  lab_.serve(kFollowedName);
  lab_.serve(kOther);
  EXPECT_TRUE(poll());
  EXPECT_EQ(follower_->store_view()->changes(), 2U);
  ASSERT_TRUE(rebuild_index(lab_.store));
  const auto before = follower_->store_view()->revision();
  EXPECT_TRUE(poll(2s));
  EXPECT_EQ(follower_->store_view()->changes(), 0U);
  EXPECT_GT(follower_->store_view()->revision(), before);
  EXPECT_EQ(follower_->store_view()->size(), 2U);
  EXPECT_EQ(served(kFollowedName), 2U);
  EXPECT_EQ(served(kOther), 2U);
  EXPECT_FALSE(poll(4s));
  lab_.serve(kFollowedName);
  EXPECT_TRUE(poll(6s));
  EXPECT_EQ(served(kFollowedName), 3U);
}

TEST_F(Follower, KeepsWhatCameAfterTheNewIndex) {
  lab_.serve(kFollowedName);
  lab_.serve(kOther);
  ASSERT_TRUE(rebuild_index(lab_.store));
  open({.rebase_from = 1});
  lab_.serve(kOther);
  ASSERT_TRUE(rebuild_index(lab_.store));
  lab_.serve(kFollowedName);
  ASSERT_TRUE(lab_.store.remove(*lab_.lease(kOther), kOther));
  EXPECT_TRUE(poll(2s));
  EXPECT_EQ(follower_->store_view()->changes(), 2U);
  EXPECT_EQ(served(kFollowedName), 2U);
  EXPECT_EQ(served(kOther), 0U);
  EXPECT_EQ(follower_->store_view()->size(), 1U);
}

TEST_F(Follower, StaysWithTheOldIndexWhileAGenerationIsRefused) {
  lab_.serve(kFollowedName);
  lab_.serve(kOther);
  ASSERT_TRUE(rebuild_index(lab_.store));
  open({.rebase_from = 1});
  lab_.serve(kOther);
  lab_.serve(kFollowedName);
  ASSERT_EQ(::chmod(lab_.path("private/keys/www.example.test/000002/ec.key").c_str(), 0644), 0);
  EXPECT_TRUE(poll());
  ASSERT_TRUE(rebuild_index(lab_.store));
  EXPECT_FALSE(poll(2s));
  EXPECT_EQ(served(kFollowedName), 1U);
  EXPECT_EQ(served(kOther), 2U);
  ASSERT_EQ(::chmod(lab_.path("private/keys/www.example.test/000002/ec.key").c_str(), 0600), 0);
  lab_.serve(kFollowedName);
  EXPECT_TRUE(poll(4s));
  EXPECT_EQ(served(kFollowedName), 3U);
  EXPECT_EQ(served(kOther), 2U);
}

// ---- canaries ----

class CanaryFollower : public Follower {
 protected:
  // Generations 1 (served) and 2 (kept).
  void keep_two() {
    lab_.serve(kFollowedName);
    const auto lease = lab_.lease(kFollowedName);
    ASSERT_TRUE(lab_.store.keep(*lease, kFollowedName, test::make_generation({{}})));
  }

  void begin(std::uint32_t share = 500, std::uint64_t generation = 2) {
    const auto lease = lab_.lease(kFollowedName);
    ASSERT_TRUE(begin_canary(lab_.store, *lease,
                             {.name = kFollowedName,
                              .generation = generation,
                              .beside = 1,
                              .share = share,
                              .by = "root"}));
  }

  // What the canary shows of; 0 = there is none.
  [[nodiscard]] std::uint64_t tried() const {
    const auto canary = follower_->view()->find(kFollowedName).canary;
    return canary == nullptr ? 0 : canary->pairs.source.generation;
  }
};

TEST_F(CanaryFollower, ShowsACanaryUntilItIsEnded) {
  keep_two();
  open();
  EXPECT_EQ(tried(), 0U);
  begin();
  EXPECT_TRUE(poll());
  EXPECT_EQ(tried(), 2U);
  EXPECT_EQ(served(kFollowedName), 1U);
  EXPECT_EQ(follower_->view()->find(kFollowedName).canary->share, 500U);
  ASSERT_EQ(follower_->canaries().size(), 1U);
  const auto swaps = follower_->take_swaps();
  ASSERT_EQ(swaps.size(), 1U);
  EXPECT_TRUE(swaps.front().is_canary);
  EXPECT_EQ(swaps.front().before, 1U);
  EXPECT_EQ(swaps.front().generation, 2U);
  EXPECT_FALSE(poll());
  begin(5000);
  EXPECT_TRUE(poll());
  EXPECT_EQ(follower_->view()->find(kFollowedName).canary->share, 5000U);
  EXPECT_THAT(follower_->take_swaps(), IsEmpty());  // it is the same one
  const auto lease = lab_.lease(kFollowedName);
  ASSERT_TRUE(end_canary(lab_.store, *lease, kFollowedName));
  EXPECT_TRUE(poll());
  EXPECT_EQ(tried(), 0U);
  EXPECT_THAT(follower_->canaries(), IsEmpty());
}

TEST_F(CanaryFollower, ShowsOneFromTheStart) {
  keep_two();
  begin();
  open();
  EXPECT_EQ(tried(), 2U);
  EXPECT_EQ(follower_->take_swaps().size(), 1U);
}

TEST_F(CanaryFollower, OutlivesTheChangeToANewIndex) {
  keep_two();
  lab_.serve(kOther);
  begin();
  ASSERT_TRUE(rebuild_index(lab_.store));
  open({.rebase_from = 1});
  ASSERT_EQ(tried(), 2U);
  lab_.serve(kOther);
  EXPECT_TRUE(poll());
  ASSERT_TRUE(rebuild_index(lab_.store));
  EXPECT_TRUE(poll(2s));
  ASSERT_EQ(follower_->store_view()->changes(), 0U);
  EXPECT_EQ(tried(), 2U);
}

TEST_F(CanaryFollower, PublishingItMakesItASwap) {
  keep_two();
  begin();
  open();
  follower_->take_swaps();
  {
    const auto lease = lab_.lease(kFollowedName);
    ASSERT_TRUE(lab_.store.publish(*lease, kFollowedName, 2));
  }
  EXPECT_TRUE(poll());
  EXPECT_EQ(served(kFollowedName), 2U);
  EXPECT_EQ(tried(), 0U);
  const auto swaps = follower_->take_swaps();
  ASSERT_EQ(swaps.size(), 1U);
  EXPECT_FALSE(swaps.front().is_canary);
  EXPECT_EQ(swaps.front().before, 1U);
}

TEST_F(CanaryFollower, ARecordThatACrashLeftBehindIsNotShown) {
  keep_two();
  begin();
  fs::permissions(lab_.store.paths().generation(kFollowedName, 2), fs::perms(0700));
  fs::remove_all(lab_.store.paths().generation(kFollowedName, 2));
  open();
  EXPECT_EQ(tried(), 0U);
  EXPECT_EQ(served(kFollowedName), 1U);
  EXPECT_THAT(follower_->canaries(), IsEmpty());
  EXPECT_FALSE(poll());
}

TEST_F(CanaryFollower, ACanaryWhoseKeyIsRevokedIsNotShownAnyMore) {
  keep_two();
  begin();
  open();
  ASSERT_EQ(tried(), 2U);
  ASSERT_TRUE(lab_.store.revoke_key(lab_.store.info(kFollowedName, 2)->ec->spki_sha256));
  poll(5s);
  EXPECT_EQ(tried(), 0U);
}

TEST_F(Follower, SaysWhichSwapsThereWere) {
  lab_.serve(kFollowedName);
  StoreFollower& follower = open();
  EXPECT_THAT(follower.take_swaps(), IsEmpty());
  lab_.serve(kFollowedName);
  lab_.serve(kOther);  // takes nobody's place
  poll();
  const auto swaps = follower.take_swaps();
  ASSERT_EQ(swaps.size(), 1U);
  EXPECT_EQ(swaps.front().name, kFollowedName);
  EXPECT_EQ(swaps.front().before, 1U);
  EXPECT_EQ(swaps.front().generation, 2U);
  EXPECT_THAT(follower.take_swaps(), IsEmpty());
}

}  // namespace
}  // namespace ravelin::certs
