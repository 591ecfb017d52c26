#include "certs/rotate/store_news.h"

#include "certs/store/record_lines.h"
#include "tests/certs/store/store_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace ravelin::certs {
namespace {

using test::StoreLab;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(StoreNews, AreEverythingAtFirstAndThenWhatTheJournalNames) {
  StoreLab lab;
  lab.serve("a.example.test");
  lab.serve("b.example.test");
  StoreNews news(lab.store);
  const auto first = news.take();
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->all);
  EXPECT_THAT(*first->listing, ElementsAre("a.example.test", "b.example.test"));
  const auto nothing = news.take();
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(nothing->all);
  EXPECT_THAT(nothing->names, IsEmpty());
  lab.serve("b.example.test");
  EXPECT_THAT(news.take()->names, ElementsAre("b.example.test"));
  EXPECT_THAT(news.take()->names, IsEmpty());
}

TEST(StoreNews, WhatIsAnnouncedAndNotClosedComesEachTime) {
  StoreLab lab;
  lab.serve("a.example.test");
  StoreNews news(lab.store);
  ASSERT_TRUE(news.take());
  ASSERT_TRUE(append_line(lab.path("gateway/journal"), "begin a.example.test 000002"));
  EXPECT_THAT(news.take()->names, ElementsAre("a.example.test"));
  EXPECT_THAT(news.take()->names, ElementsAre("a.example.test"));
  ASSERT_TRUE(append_line(lab.path("gateway/journal"), "done a.example.test 000002"));
  EXPECT_THAT(news.take()->names, ElementsAre("a.example.test"));
  EXPECT_THAT(news.take()->names, IsEmpty());
}

TEST(StoreNews, AFolderThatCameWithoutAWordInTheJournalIsListed) {
  StoreLab lab;
  StoreNews news(lab.store);
  ASSERT_TRUE(news.take());
  ASSERT_TRUE(lab.store.set_want(*lab.lease("new.example.test"), "new.example.test",
                                 {.names = {"new.example.test"}, .issuers = {"le"}}));
  const auto since = news.take();
  ASSERT_TRUE(since);
  EXPECT_FALSE(since->all);
  ASSERT_TRUE(since->listing);
  EXPECT_THAT(*since->listing, ElementsAre("new.example.test"));
}

TEST(StoreNews, AnUntouchedFolderIsNotListedAgain) {
  StoreLab lab;
  lab.serve("a.example.test");
  std::filesystem::last_write_time(
      lab.path("gateway/certs"),
      std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  StoreNews news(lab.store);
  ASSERT_TRUE(news.take()->listing);
  EXPECT_FALSE(news.take()->listing);
}

TEST(StoreNews, ARevokedKeyMayBeAnybodys) {
  StoreLab lab;
  lab.serve("a.example.test");
  StoreNews news(lab.store);
  ASSERT_TRUE(news.take());
  ASSERT_TRUE(lab.store.revoke_key(std::string(64, 'a')));
  EXPECT_TRUE(news.take()->all);
  GenerationInfo info;
  info.ec = PairFacts{.serial = "05c1", .spki_sha256 = std::string(64, 'a')};
  EXPECT_TRUE(news.is_revoked(info));
  info.ec->spki_sha256 = std::string(64, 'b');
  EXPECT_FALSE(news.is_revoked(info));
  EXPECT_FALSE(news.take()->all);
  ASSERT_TRUE(add_revoked_serial(lab.store.paths(), "05c1"));
  EXPECT_TRUE(news.take()->all);
  EXPECT_TRUE(news.is_revoked(info));
  EXPECT_FALSE(news.take()->all);
}

TEST(StoreNews, NothingIsLostWhileTheStoreCannotBeRead) {
  StoreLab lab;
  lab.serve("a.example.test");
  StoreNews news(lab.store);
  ASSERT_TRUE(news.take());
  lab.serve("a.example.test");
  std::filesystem::rename(lab.path("gateway/certs"), lab.path("away"));
  EXPECT_FALSE(news.take());
  std::filesystem::rename(lab.path("away"), lab.path("gateway/certs"));
  EXPECT_THAT(news.take()->names, ElementsAre("a.example.test"));
}

}  // namespace
}  // namespace ravelin::certs
