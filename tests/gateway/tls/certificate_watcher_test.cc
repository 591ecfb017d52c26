// Real files, real inotify, and a clock that only moves when told.
#include "gateway/tls/certificate_watcher.h"

#include "gateway/tls/path_links.h"
#include "tests/support/test_certs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace ravelin::gateway {
namespace {

namespace fs = std::filesystem;
using certs::PairPtr;
using ravelin::test::issue;
using ravelin::test::TempDir;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class Watcher : public testing::Test {
 protected:
  // Loads chain and key from these paths and begins to watch them.
  void start(const std::string& chain, const std::string& key) {
    const certs::PairFiles files{chain, key};
    const auto loaded = certs::load_pair(files, {}, base::wall_now());
    ASSERT_NE(loaded.pair, nullptr) << certs::to_string(loaded.findings);
    watcher_ = std::make_unique<CertificateWatcher>(
        std::vector<WatchedPair>{{files, loaded.pair, loaded.stamps}}, certs::LoadRules{},
        WatchTiming{}, keys_, now_);
    EXPECT_EQ(watcher_->degraded_because(), "");
    EXPECT_GT(watcher_->next_tick() - now_, seconds(5)) << "nothing is loaded twice";
  }

  void start() {
    ravelin::test::write_pair(dir_, "www", issue({"first.test"}));
    start(dir_.path("www.crt"), dir_.path("www.key"));
  }

  void put(const PairPtr& pair) const {
    dir_.replace("www.crt", certs::to_pem(pair->chain), 0644);
    dir_.replace("www.key", certs::key_to_pem(pair->key.get()));
  }

  WatchOutcome after(base::Duration time) {
    watcher_->on_readable(now_);
    now_ = now_ + time;
    return watcher_->tick(now_, base::wall_now());
  }

  // Reads the events there are and lets the quiet time pass.
  WatchOutcome settle() { return after(milliseconds(500)); }

  TempDir dir_;
  base::MonoTime now_{seconds(1000)};
  certs::Tokens tokens_;
  LocalKeySource keys_{tokens_};
  std::unique_ptr<CertificateWatcher> watcher_;
};

std::string name_of(const WatchOutcome& outcome) {
  if (outcome.changed.size() != 1) return "(nothing changed)";
  return outcome.changed[0].pair->chain.info.dns_names.at(0);
}

bool is_empty(const WatchOutcome& outcome) {
  return outcome.changed.empty() && outcome.broken.empty() && outcome.recovered.empty();
}

TEST_F(Watcher, NoticesAnAtomicRename) {
  start();
  put(issue({"second.test"}));
  EXPECT_EQ(name_of(settle()), "second.test");
  EXPECT_TRUE(is_empty(settle()));
}

TEST_F(Watcher, WaitsUntilItIsQuiet) {
  start();
  const auto next = issue({"second.test"});
  dir_.replace("www.crt", certs::to_pem(next->chain), 0644);
  EXPECT_TRUE(is_empty(after(milliseconds(300))));
  dir_.replace("www.key", certs::key_to_pem(next->key.get()));
  EXPECT_TRUE(is_empty(after(milliseconds(300))));
  EXPECT_EQ(name_of(settle()), "second.test");
}

TEST_F(Watcher, SaysWhenToComeBack) {
  start();
  EXPECT_GT(watcher_->next_tick() - now_, milliseconds(500));
  put(issue({"second.test"}));
  watcher_->on_readable(now_);
  EXPECT_EQ(watcher_->next_tick() - now_, milliseconds(500));
}

TEST_F(Watcher, RewriteInPlaceKeepsTheOldPairUntilTheKeyIsWhole) {
  start();
  const auto next = issue({"second.test"});
  const std::string key = certs::key_to_pem(next->key.get());
  dir_.write("www.crt", certs::to_pem(next->chain), 0644);
  dir_.write("www.key", key.substr(0, key.size() / 2));
  const auto half = settle();
  EXPECT_TRUE(half.changed.empty());
  ASSERT_EQ(half.broken.size(), 1U);
  EXPECT_THAT(half.broken[0].reason, HasSubstr("E_KEY_PARSE"));
  dir_.write("www.key", key);
  EXPECT_EQ(name_of(settle()), "second.test");
}

TEST_F(Watcher, KeyMismatchKeepsTheOldPairAndIsReportedOnce) {
  start();
  dir_.replace("www.key", certs::key_to_pem(issue({"x.test"})->key.get()));
  const auto first = settle();
  ASSERT_EQ(first.broken.size(), 1U);
  EXPECT_THAT(first.broken[0].reason, HasSubstr("E_KEY_MISMATCH"));
  // The periodic look tries again, silently; another reason is news.
  EXPECT_TRUE(is_empty(after(seconds(10))));
  EXPECT_TRUE(is_empty(settle()));
  fs::permissions(dir_.path("www.key"), fs::perms(0644));
  const auto second = settle();
  ASSERT_EQ(second.broken.size(), 1U);
  EXPECT_THAT(second.broken[0].reason, HasSubstr("E_KEY_PERMS"));
}

TEST_F(Watcher, TellsThatTheServedPairIsBack) {
  start();
  const auto served =
      certs::load_pair({dir_.path("www.crt"), dir_.path("www.key")}, {}, base::wall_now());
  fs::remove(dir_.path("www.key"));
  const auto gone = settle();
  ASSERT_EQ(gone.broken.size(), 1U);
  EXPECT_THAT(gone.broken[0].reason, HasSubstr("E_FILE_UNREADABLE"));
  put(served.pair);
  EXPECT_EQ(settle().recovered, std::vector<std::size_t>{0});
}

TEST_F(Watcher, RefusesAnExpiredReplacement) {
  start();
  certs::LeafRequest request;
  request.names = {"second.test"};
  request.ends_after = seconds(-60);
  put(issue(request));
  const auto outcome = settle();
  EXPECT_TRUE(outcome.changed.empty());
  ASSERT_EQ(outcome.broken.size(), 1U);
  EXPECT_THAT(outcome.broken[0].reason, HasSubstr("E_CERT_EXPIRED"));
}

TEST_F(Watcher, TouchedButEqualFilesAreNoChange) {
  start();
  const auto again =
      certs::load_pair({dir_.path("www.crt"), dir_.path("www.key")}, {}, base::wall_now());
  put(again.pair);
  EXPECT_TRUE(is_empty(settle()));
}

TEST_F(Watcher, UnrelatedFilesAreIgnored) {
  start();
  dir_.write("notes.txt", "hello");
  watcher_->on_readable(now_);
  EXPECT_GT(watcher_->next_tick() - now_, seconds(5));
}

TEST_F(Watcher, LinkedFilesAreFollowed) {
  fs::create_directories(dir_.path("archive"));
  fs::create_directories(dir_.path("live"));
  ravelin::test::write_pair(dir_, "archive/www1", issue({"first.test"}));
  fs::create_symlink("../archive/www1.crt", dir_.path("live/www.crt"));
  fs::create_symlink("../archive/www1.key", dir_.path("live/www.key"));
  start(dir_.path("live/www.crt"), dir_.path("live/www.key"));

  ravelin::test::write_pair(dir_, "archive/www2", issue({"second.test"}));
  for (const std::string kind : {".crt", ".key"}) {
    fs::create_symlink("../archive/www2" + kind, dir_.path("live/next" + kind));
    fs::rename(dir_.path("live/next" + kind), dir_.path("live/www" + kind));
  }
  EXPECT_EQ(name_of(settle()), "second.test");

  // A change behind the link, in a folder the configuration does not name.
  const auto third = issue({"third.test"});
  dir_.replace("archive/www2.crt", certs::to_pem(third->chain), 0644);
  dir_.replace("archive/www2.key", certs::key_to_pem(third->key.get()));
  EXPECT_EQ(name_of(settle()), "third.test");
}

TEST_F(Watcher, SwappedDataFolderIsNoticed) {
  // As kubelet mounts a secret: file -> ..data/file, ..data -> a folder that is swapped.
  fs::create_directories(dir_.path("..one"));
  ravelin::test::write_pair(dir_, "..one/tls", issue({"first.test"}));
  fs::create_symlink("..one", dir_.path("..data"));
  fs::create_symlink("..data/tls.crt", dir_.path("tls.crt"));
  fs::create_symlink("..data/tls.key", dir_.path("tls.key"));
  start(dir_.path("tls.crt"), dir_.path("tls.key"));
  for (const std::string name : {"second", "third"}) {
    const std::string folder = ".." + name;
    fs::create_directories(dir_.path(folder));
    ravelin::test::write_pair(dir_, folder + "/tls", issue({name + ".test"}));
    fs::create_symlink(folder, dir_.path("..data_tmp"));
    fs::rename(dir_.path("..data_tmp"), dir_.path("..data"));
    EXPECT_EQ(name_of(settle()), name + ".test");
  }
}

TEST_F(Watcher, ReplacedFolderIsNoticed) {
  fs::create_directories(dir_.path("certs"));
  ravelin::test::write_pair(dir_, "certs/www", issue({"first.test"}));
  start(dir_.path("certs/www.crt"), dir_.path("certs/www.key"));
  fs::create_directories(dir_.path("next"));
  ravelin::test::write_pair(dir_, "next/www", issue({"second.test"}));
  fs::rename(dir_.path("certs"), dir_.path("old"));
  fs::rename(dir_.path("next"), dir_.path("certs"));
  EXPECT_EQ(name_of(settle()), "second.test");
  ravelin::test::write_pair(dir_, "certs/www", issue({"third.test"}));
  EXPECT_EQ(name_of(settle()), "third.test");
}

TEST_F(Watcher, LooksWithoutEventsToo) {
  start();
  put(issue({"second.test"}));
  // on_readable() is never called: only the periodic look can find out.
  now_ = now_ + seconds(10);
  EXPECT_TRUE(is_empty(watcher_->tick(now_, base::wall_now())));
  now_ = now_ + milliseconds(500);
  EXPECT_EQ(name_of(watcher_->tick(now_, base::wall_now())), "second.test");
}

TEST_F(Watcher, NeverEndingChangesAreLoadedAnyway) {
  start();
  const auto next = issue({"second.test"});
  bool changed = false;
  for (int i = 0; i < 20 && !changed; ++i) {
    put(next);
    changed = !after(milliseconds(400)).changed.empty();
  }
  EXPECT_TRUE(changed);
}

TEST_F(Watcher, AChangeBetweenLoadingAndWatchingIsNoticed) {
  ravelin::test::write_pair(dir_, "www", issue({"first.test"}));
  const certs::PairFiles files{dir_.path("www.crt"), dir_.path("www.key")};
  const auto loaded = certs::load_pair(files, {}, base::wall_now());
  put(issue({"second.test"}));
  watcher_ = std::make_unique<CertificateWatcher>(
      std::vector<WatchedPair>{{files, loaded.pair, loaded.stamps}}, certs::LoadRules{},
      WatchTiming{}, keys_, now_);
  EXPECT_EQ(name_of(settle()), "second.test");
}

TEST_F(Watcher, LoadsManyPairsInPortions) {
  const auto pair = issue({"first.test"});
  std::vector<WatchedPair> pairs;
  for (int i = 0; i < 40; ++i) {
    const std::string name = "p" + std::to_string(i);
    ravelin::test::write_pair(dir_, name, pair);
    pairs.push_back({{dir_.path(name + ".crt"), dir_.path(name + ".key")}, pair});
  }
  watcher_ =
      std::make_unique<CertificateWatcher>(pairs, certs::LoadRules{}, WatchTiming{}, keys_, now_);
  for (const auto& watched : pairs)
    fs::remove(watched.files.key);
  EXPECT_EQ(settle().broken.size(), CertificateWatcher::kLoadsPerTick);
  EXPECT_LE(watcher_->next_tick(), now_);
  EXPECT_EQ(after(milliseconds(0)).broken.size(), 40 - CertificateWatcher::kLoadsPerTick);
}

TEST(PathLinks, ListsEveryEntryThatDecides) {
  const TempDir dir;
  const std::string root = fs::canonical(dir.path()).string();
  fs::create_directories(dir.path("a/real"));
  dir.write("a/real/file", "x");
  fs::create_symlink("a", dir.path("b"));
  fs::create_symlink("real", dir.path("a/link"));
  fs::create_symlink("../../b/link/file", dir.path("a/real/alias"));
  EXPECT_EQ(entries_of(root + "/b/./link/alias"),
            (std::vector<PathEntry>{{root, "b"},
                                    {root + "/a", "link"},
                                    {root + "/a/real", "alias"},
                                    {root, "b"},
                                    {root + "/a", "link"},
                                    {root + "/a/real", "file"}}));
}

TEST(PathLinks, StopsAtWhatIsMissingAndAtLoops) {
  const TempDir dir;
  const std::string root = fs::canonical(dir.path()).string();
  EXPECT_EQ(entries_of(root + "/no/file"), (std::vector<PathEntry>{{root, "no"}}));
  fs::create_symlink("loop", dir.path("loop"));
  EXPECT_EQ(entries_of(root + "/loop").size(), 41U);
}

}  // namespace
}  // namespace ravelin::gateway
