#include "base/io/file.h"
#include "certs/store/journal.h"
#include "certs/store/store_dir.h"
#include "tests/certs/store/store_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

namespace ravelin::certs {
namespace {

namespace fs = std::filesystem;
using base::Errc;
using test::StoreLab;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kPublishName = "www.example.test";

Generation generation() {
  return test::make_generation({{.names = {kPublishName}}});
}

std::vector<std::string> journal_lines(const StoreLab& lab) {
  const auto news = read_journal(lab.store.paths().journal(), {});
  EXPECT_TRUE(news);
  std::vector<std::string> lines;
  if (news)
    for (const JournalLine& line : news->lines)
      lines.push_back(format_line(line));
  return lines;
}

std::vector<std::string> folders(const StoreLab& lab) {
  std::vector<std::string> all;
  for (const auto& entry : fs::directory_iterator(lab.path("gateway/certs")))
    all.push_back(entry.path().filename().string());
  std::ranges::sort(all);
  return all;
}

TEST(Publish, WhatIsKeptIsNotServedYet) {
  StoreLab lab;
  const auto lease = lab.lease(kPublishName);
  EXPECT_EQ(*lab.store.keep(*lease, kPublishName, generation()), 1U);
  EXPECT_EQ(*lab.store.keep(*lease, kPublishName, generation()), 2U);
  const CertificateState state = lab.state(kPublishName);
  EXPECT_EQ(state.current, 0U);
  EXPECT_THAT(state.generations, ElementsAre(1U, 2U));
  EXPECT_THAT(journal_lines(lab), IsEmpty());
}

TEST(Publish, KeptFilesAreForTheirOwnerAndNothingIsAdded) {
  StoreLab lab;
  lab.serve(kPublishName);
  const std::string folder = lab.store.paths().generation(kPublishName, 1);
  EXPECT_EQ(fs::status(folder).permissions(), fs::perms(0500));
  EXPECT_EQ(fs::status(folder + "/meta.json").permissions(), fs::perms(0600));
  const std::string keys = lab.store.paths().keys(kPublishName, 1);
  EXPECT_EQ(fs::status(keys).permissions(), fs::perms(0500));
  EXPECT_EQ(fs::status(keys + "/ec.key").permissions(), fs::perms(0600));
  EXPECT_FALSE(fs::exists(keys + "/rsa.key"));
  EXPECT_EQ(fs::status(lab.store.paths().of(kPublishName)).permissions(), fs::perms(0700));
}

TEST(Publish, TurnsTheLinkAndRemembersTheOneBefore) {
  StoreLab lab;
  const auto lease = lab.lease(kPublishName);
  for (std::uint64_t i = 1; i <= 3; ++i)
    ASSERT_EQ(*lab.store.keep(*lease, kPublishName, generation()), i);
  ASSERT_TRUE(lab.store.publish(*lease, kPublishName, 1));
  EXPECT_EQ(lab.state(kPublishName).current, 1U);
  EXPECT_EQ(lab.state(kPublishName).previous, 0U);
  ASSERT_TRUE(lab.store.publish(*lease, kPublishName, 3));
  EXPECT_EQ(lab.state(kPublishName).current, 3U);
  EXPECT_EQ(lab.state(kPublishName).previous, 1U);
  ASSERT_TRUE(lab.store.publish(*lease, kPublishName, 1));
  EXPECT_EQ(lab.state(kPublishName).current, 1U);
  EXPECT_EQ(lab.state(kPublishName).previous, 3U);
  // The same one again changes nothing.
  ASSERT_TRUE(lab.store.publish(*lease, kPublishName, 1));
  EXPECT_EQ(lab.state(kPublishName).previous, 3U);
  EXPECT_EQ(fs::read_symlink(lab.path("gateway/certs/www.example.test/current")), "gen/000001");
}

TEST(Publish, EachChangeIsAnnouncedAndClosed) {
  StoreLab lab;
  lab.serve(kPublishName);
  lab.serve("*.example.test");
  EXPECT_THAT(journal_lines(lab),
              ElementsAre("begin www.example.test 000001", "done www.example.test 000001",
                          "begin *.example.test 000001", "done *.example.test 000001"));
}

TEST(Publish, OnlyWhatIsKeptCanBe) {
  StoreLab lab;
  lab.serve(kPublishName);
  const auto lease = lab.lease(kPublishName);
  const auto done = lab.store.publish(*lease, kPublishName, 7);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::not_found);
  EXPECT_EQ(done.error().message, "certificate \"www.example.test\" has no generation 7");
  EXPECT_EQ(lab.state(kPublishName).current, 1U);
  EXPECT_EQ(journal_lines(lab).size(), 2U);
}

TEST(Publish, NumbersAreNotUsedTwice) {
  StoreLab lab;
  lab.serve(kPublishName);
  const auto lease = lab.lease(kPublishName);
  ASSERT_EQ(*lab.store.keep(*lease, kPublishName, generation()), 2U);
  ASSERT_TRUE(lab.store.publish(*lease, kPublishName, 2));
  ASSERT_TRUE(lab.store.prune(*lease, kPublishName, 0));
  EXPECT_THAT(lab.state(kPublishName).generations, ElementsAre(1U, 2U));
  EXPECT_EQ(*lab.store.keep(*lease, kPublishName, generation()), 3U);
}

TEST(Publish, PruningKeepsTheServedTheOneBeforeAndTheNewest) {
  StoreLab lab;
  const auto lease = lab.lease(kPublishName);
  for (std::uint64_t i = 1; i <= 6; ++i)
    ASSERT_TRUE(lab.store.keep(*lease, kPublishName, generation()));
  ASSERT_TRUE(lab.store.publish(*lease, kPublishName, 1));
  ASSERT_TRUE(lab.store.publish(*lease, kPublishName, 3));
  ASSERT_TRUE(lab.store.prune(*lease, kPublishName, 2));
  EXPECT_THAT(lab.state(kPublishName).generations, ElementsAre(1U, 3U, 5U, 6U));
  ASSERT_TRUE(lab.store.prune(*lease, kPublishName, 10));
  EXPECT_EQ(lab.state(kPublishName).generations.size(), 4U);
  for (std::uint64_t number = 1; number <= 6; ++number)
    EXPECT_EQ(fs::exists(lab.store.paths().keys(kPublishName, number)), number != 2 && number != 4);
}

TEST(Publish, WhatACrashLeftIsNoGenerationAndInNobodysWay) {
  StoreLab lab;
  lab.serve(kPublishName);
  const std::string left = lab.path("gateway/certs/www.example.test/gen/000002.tmp");
  fs::create_directory(left);
  ASSERT_TRUE(base::replace_file(left + "/ec.pem", "half", 0600));
  ASSERT_EQ(::chmod(left.c_str(), 0500), 0);
  // Keys come before what is served with them.
  const std::string keys = lab.store.paths().keys(kPublishName, 2);
  for (const std::string& folder : {keys, keys + ".tmp"}) {
    fs::create_directory(folder);
    ASSERT_TRUE(base::replace_file(folder + "/rsa.key", "another's", 0600));
    ASSERT_EQ(::chmod(folder.c_str(), 0500), 0);
  }
  EXPECT_THAT(lab.state(kPublishName).generations, ElementsAre(1U));
  EXPECT_EQ(lab.serve(kPublishName), 2U);
  EXPECT_FALSE(fs::exists(left));
  EXPECT_FALSE(fs::exists(keys + ".tmp"));
  EXPECT_FALSE(fs::exists(keys + "/rsa.key"));
  EXPECT_TRUE(lab.store.generation(kPublishName, 2));
}

TEST(Publish, AFolderInTheWayOfTheLinkLeavesWhatIsServed) {
  StoreLab lab;
  lab.serve(kPublishName);
  const auto lease = lab.lease(kPublishName);
  ASSERT_TRUE(lab.store.keep(*lease, kPublishName, generation()));
  fs::create_directory(lab.path("gateway/certs/www.example.test/current.new"));
  EXPECT_FALSE(lab.store.publish(*lease, kPublishName, 2));
  EXPECT_EQ(lab.state(kPublishName).current, 1U);
  EXPECT_TRUE(lab.store.generation(kPublishName, 1));
  // Announced, not closed: who follows keeps looking.
  EXPECT_EQ(journal_lines(lab).back(), "begin www.example.test 000002");
}

TEST(Publish, WithoutAJournalNothingChanges) {
  StoreLab lab;
  lab.serve(kPublishName);
  const auto lease = lab.lease(kPublishName);
  ASSERT_TRUE(lab.store.keep(*lease, kPublishName, generation()));
  fs::remove(lab.path("gateway/journal"));
  fs::create_directory(lab.path("gateway/journal"));
  EXPECT_FALSE(lab.store.publish(*lease, kPublishName, 2));
  EXPECT_FALSE(lab.store.remove(*lease, kPublishName));
  EXPECT_EQ(lab.state(kPublishName).current, 1U);
}

TEST(Publish, WhoeverLostTheLeaseChangesNothing) {
  StoreLab lab;
  lab.serve(kPublishName);
  const auto lease = lab.lease(kPublishName);
  ASSERT_TRUE(lab.store.keep(*lease, kPublishName, generation()));
  const LeaseRecord other{
      lease->fence() + 1, {"other-host", "boot-2", 1, 1, "renew"}, {}, sys_seconds::max()};
  ASSERT_TRUE(base::replace_file(lab.store.paths().lock(kPublishName), format_lease(other), 0600));
  EXPECT_EQ(lab.store.publish(*lease, kPublishName, 2).error().code, Errc::conflict);
  EXPECT_EQ(lab.store.keep(*lease, kPublishName, generation()).error().code, Errc::conflict);
  EXPECT_EQ(lab.store.prune(*lease, kPublishName, 0).error().code, Errc::conflict);
  EXPECT_EQ(lab.store.remove(*lease, kPublishName).error().code, Errc::conflict);
  EXPECT_EQ(lab.store.set_want(*lease, kPublishName, {.names = {kPublishName}}).error().code,
            Errc::conflict);
  EXPECT_EQ(lab.state(kPublishName).current, 1U);
  EXPECT_THAT(lab.state(kPublishName).generations, ElementsAre(1U, 2U));
}

TEST(Publish, WhatIsWantedStandsBesideIt) {
  StoreLab lab;
  const auto lease = lab.lease(kPublishName);
  const Want want{.names = {kPublishName}, .issuers = {"le"}, .keys = {"p384"}};
  ASSERT_TRUE(lab.store.set_want(*lease, kPublishName, want));
  EXPECT_EQ(*lab.store.want(kPublishName), want);
  EXPECT_EQ(lab.state(kPublishName).current, 0U);
  EXPECT_EQ(lab.store.want("b.example.test").error().code, Errc::not_found);
  ASSERT_TRUE(base::replace_file(lab.store.paths().want(kPublishName), "[]", 0600));
  EXPECT_EQ(
      lab.store.want(kPublishName).error().message,
      lab.store.paths().want(kPublishName) + ": what is wanted of a certificate is no JSON object");
}

TEST(Publish, RemovedCertificatesLeaveNothing) {
  StoreLab lab;
  lab.serve(kPublishName);
  lab.serve(kPublishName);
  lab.serve("b.example.test");
  ASSERT_TRUE(lab.store.remove(*lab.lease(kPublishName), kPublishName));
  EXPECT_THAT(*lab.store.names(), ElementsAre("b.example.test"));
  EXPECT_EQ(lab.store.state(kPublishName).error().code, Errc::not_found);
  EXPECT_EQ(journal_lines(lab).back(), "gone www.example.test");
  EXPECT_THAT(folders(lab), ElementsAre("b.example.test"));
  EXPECT_FALSE(fs::exists(lab.store.paths().keys(kPublishName)));
  EXPECT_EQ(lab.store.remove(*lab.lease(kPublishName), kPublishName).error().code, Errc::not_found);
}

TEST(Publish, TheLongestNameIsServedAndRemoved) {
  StoreLab lab;
  const std::string label(63, 'a');
  const std::string name = label + "." + label + "." + label + "." + std::string(61, 'a');
  lab.serve(name);
  const auto removed = lab.store.remove(*lab.lease(name), name);
  EXPECT_TRUE(removed) << removed.error().message;
  EXPECT_THAT(*lab.store.names(), IsEmpty());
}

TEST(Publish, ARemovalThatACrashCutOffIsInNobodysWay) {
  StoreLab lab;
  lab.serve("b.example.test");
  lab.serve(kPublishName);
  // As far as a removal comes before it empties the folder.
  const std::string aside = lab.store.paths().removed(kPublishName);
  fs::rename(lab.path("gateway/certs/www.example.test"), aside);
  EXPECT_THAT(*lab.store.names(), ElementsAre("b.example.test"));
  lab.serve(kPublishName);
  const auto removed = lab.store.remove(*lab.lease(kPublishName), kPublishName);
  EXPECT_TRUE(removed) << removed.error().message;
  EXPECT_THAT(folders(lab), ElementsAre("b.example.test"));
}

}  // namespace
}  // namespace ravelin::certs
