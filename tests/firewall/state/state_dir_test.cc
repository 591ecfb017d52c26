#include "firewall/state/state_dir.h"

#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace ravelin::firewall {
namespace {

using namespace std::chrono_literals;

PolicyBundle bundle(std::string text) {
  PolicyBundle made;
  made.path = "/etc/policy.yaml";
  made.directory = "/etc";
  made.files["/etc/policy.yaml"] = {"1:2", std::move(text)};
  made.globs["/etc/site.d/*.yaml"] = {"/etc/site.d/a.yaml"};
  made.facts.names["db.example.test"] = {*base::parse_ip("10.0.0.1"), *base::parse_ip("::1")};
  made.facts.delegated["wan"] = {*base::parse_prefix("2001:db8::/56")};
  made.facts.countries["FI"] = {policies::range_of(*base::parse_prefix("192.0.2.0/24"))};
  made.facts.users["_apt"] = 42;
  made.facts.tcp_offer = {9, false, true};
  made.judged_at = std::chrono::sys_seconds(5s);
  return made;
}

class StateDirTest : public testing::Test {
 protected:
  StateDir open() { return std::move(*StateDir::open(path_)); }

  test::TempDir temp_;
  std::string path_ = temp_.path("firewall");
};

TEST_F(StateDirTest, AnswersNothingWhenNew) {
  const StateDir state = open();
  EXPECT_TRUE(state.history().empty());
  EXPECT_EQ(*state.confirmed(), std::nullopt);
  EXPECT_EQ(*state.pending(), std::nullopt);
}

TEST_F(StateDirTest, KeepsRevisionsWithAllTheyWereMadeFrom) {
  StateDir state = open();
  const auto first = state.add(bundle("a"), "root", "apply", std::chrono::sys_seconds(7s));
  const auto second = state.add(bundle("b"), "root", "apply", std::chrono::sys_seconds(8s));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->number, 1U);
  EXPECT_EQ(second->number, 2U);
  EXPECT_NE(first->hash, second->hash);
  const auto read = state.bundle(1);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(format_bundle(*read), format_bundle(bundle("a")));
  EXPECT_EQ(read->hash(), first->hash);
  EXPECT_EQ(state.history().size(), 2U);
  EXPECT_EQ(state.bundle(3).error().code, base::Errc::not_found);
}

TEST_F(StateDirTest, RenewsTheFactsOfARevision) {
  StateDir state = open();
  ASSERT_TRUE(state.add(bundle("a"), "root", "apply", std::chrono::sys_seconds(7s)));
  PolicyBundle renewed = bundle("a");
  renewed.facts.names["db.example.test"] = {*base::parse_ip("10.0.0.9")};
  ASSERT_TRUE(state.renew(1, renewed));
  EXPECT_EQ(format_bundle(*state.bundle(1)), format_bundle(renewed));
  ASSERT_EQ(state.history().size(), 1U);
  EXPECT_EQ(state.history().front().hash, renewed.hash());
  EXPECT_EQ(state.history().front().reason, "apply");
}

TEST_F(StateDirTest, OneHasTheLockAndTheOtherLearnsWho) {
  const StateDir state = open();
  const auto other = StateDir::open(path_);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, base::Errc::conflict);
  EXPECT_NE(other.error().message.find(fmt::format("in use by process {}", ::getpid())),
            std::string::npos)
      << other.error().message;
  EXPECT_TRUE(StateDir::open_to_read(path_));
}

TEST_F(StateDirTest, TheLockGoesWithItsHolder) {
  { const StateDir state = open(); }
  EXPECT_TRUE(StateDir::open(path_));
}

TEST_F(StateDirTest, ADirectoryOthersCanWriteToIsRefused) {
  { const StateDir state = open(); }
  ::chmod(path_.c_str(), 0777);
  const auto state = StateDir::open(path_);
  ASSERT_FALSE(state);
  EXPECT_NE(state.error().message.find("chmod 700 " + path_), std::string::npos);
}

TEST_F(StateDirTest, RemembersWhatIsConfirmedAndWhatIsNot) {
  {
    StateDir state = open();
    ASSERT_TRUE(state.confirm(3));
    ASSERT_TRUE(state.set_pending({4, 3, 0s, {"boot", 60s}}));
  }
  StateDir state = open();
  EXPECT_EQ(*state.confirmed(), 3U);
  EXPECT_EQ((*state.pending())->revision, 4U);
  ASSERT_TRUE(state.clear_pending());
  ASSERT_TRUE(state.clear_pending());
  EXPECT_EQ(*state.pending(), std::nullopt);
  ASSERT_TRUE(state.forget_confirmed());
  EXPECT_EQ(*state.confirmed(), std::nullopt);
}

TEST_F(StateDirTest, DamagedFilesAreErrorsNotAnswers) {
  const StateDir state = open();
  std::ofstream(path_ + "/pending") << "revision 4\n";
  std::ofstream(path_ + "/confirmed") << "four\n";
  EXPECT_FALSE(state.pending());
  EXPECT_FALSE(state.confirmed());
}

TEST_F(StateDirTest, ARevisionWithoutItsRecordIsNotThere) {
  StateDir state = open();
  ASSERT_TRUE(state.add(bundle("a"), "root", "apply", {}));
  ::mkdir((path_ + "/revisions/2").c_str(), 0700);  // a crash while it was written
  EXPECT_EQ(state.history().size(), 1U);
  EXPECT_EQ(state.add(bundle("b"), "root", "apply", {})->number, 3U);
}

TEST_F(StateDirTest, OldRevisionsGoButNotTheConfirmedOne) {
  StateDir state = open();
  ASSERT_TRUE(state.add(bundle("a"), "root", "apply", {}));
  ASSERT_TRUE(state.confirm(1));
  for (std::size_t i = 0; i < StateDir::kRevisionsMax + 5; ++i)
    ASSERT_TRUE(state.add(bundle("b"), "root", "apply", {}));
  const auto history = state.history();
  EXPECT_LE(history.size(), StateDir::kRevisionsMax + 1);
  EXPECT_EQ(history.front().number, 1U);
}

TEST(PolicyBundle, ABundleThatIsNotWholeIsAnError) {
  const std::string whole = format_bundle(bundle("a"));
  for (std::size_t length = 0; length + 2 < whole.size(); length += 3)
    EXPECT_FALSE(parse_bundle(whole.substr(0, length))) << length;
  EXPECT_FALSE(parse_bundle("{}"));
}

TEST(PolicyBundle, ItsLoaderKnowsItsFilesAndNoOthers) {
  const PolicyBundle made = bundle("text");
  base::yaml::BundleLoader loader(made);
  EXPECT_EQ(loader.read("/etc/policy.yaml", 100)->text, "text");
  EXPECT_FALSE(loader.read("/etc/policy.yaml", 3));
  EXPECT_EQ(loader.read("/etc/other.yaml", 100).error().code, base::Errc::not_found);
  EXPECT_EQ(loader.glob("/etc/site.d/*.yaml")->size(), 1U);
}

}  // namespace
}  // namespace ravelin::firewall
