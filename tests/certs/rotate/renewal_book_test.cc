#include "certs/rotate/renewal_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace ravelin::certs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

sys_seconds at(int second) {
  return sys_seconds(seconds(second));
}

BookEntry entry_of(std::string name, int due, int not_after, int read_by = 1'000'000) {
  return {
      .name = std::move(name), .at = at(due), .not_after = at(not_after), .read_by = at(read_by)};
}

std::vector<std::string> names_of(const std::vector<const BookEntry*>& entries) {
  std::vector<std::string> names;
  for (const BookEntry* entry : entries)
    names.push_back(entry->name);
  return names;
}

TEST(RenewalBook, WhatHasNothingIsDueFirstThenWhatEndsSoonest) {
  RenewalBook book;
  book.take({entry_of("late.test", 50, 300), entry_of("soon.test", 60, 200),
             entry_of("none.test", 0, 0), entry_of("not-yet.test", 101, 150)});
  EXPECT_THAT(book.due(at(100)), ElementsAre("none.test", "soon.test", "late.test"));
  EXPECT_THAT(book.due(at(101)),
              ElementsAre("none.test", "not-yet.test", "soon.test", "late.test"));
  EXPECT_THAT(book.due(at(-1)), IsEmpty());
}

TEST(RenewalBook, WhatHasNoIssuerIsNeverDueAndNeverNext) {
  RenewalBook book;
  book.take({{.name = "imported.test"}, entry_of("a.test", 10, 20)});
  EXPECT_THAT(book.due(at(1'000'000'000)), ElementsAre("a.test"));
  EXPECT_THAT(names_of(book.soonest(10)), ElementsAre("a.test"));
  EXPECT_EQ(book.size(), 2U);
}

TEST(RenewalBook, TheSoonestAreThoseDueNext) {
  RenewalBook book;
  book.take({entry_of("c.test", 30, 1), entry_of("a.test", 10, 3), entry_of("b.test", 20, 2)});
  EXPECT_THAT(names_of(book.soonest(2)), ElementsAre("a.test", "b.test"));
  EXPECT_THAT(names_of(book.soonest(0)), IsEmpty());
}

TEST(RenewalBook, TheLongestOverdueIsReadAgainFirst) {
  RenewalBook book;
  book.take({entry_of("a.test", 1, 1, 30), entry_of("b.test", 1, 1, 10),
             entry_of("c.test", 1, 1, 20), entry_of("d.test", 1, 1, 40)});
  EXPECT_THAT(book.to_read(at(30), 2), ElementsAre("b.test", "c.test"));
  EXPECT_THAT(book.to_read(at(30), 9), ElementsAre("b.test", "c.test", "a.test"));
}

TEST(RenewalBook, WhatWasWrittenDownAheadOfTheClockIsReadAgain) {
  RenewalBook book;
  const int most = static_cast<int>(seconds(kReadAgain).count());
  book.take({entry_of("a.test", 1, 1, 30 + most), entry_of("b.test", 1, 1, 31 + most)});
  EXPECT_THAT(book.to_read(at(30), 9), ElementsAre("b.test"));
}

TEST(RenewalBook, OnlyTheTimesOfAWindowAreKept) {
  BookEntry entry;
  EXPECT_FALSE(entry.window());
  entry.set_window(RenewalWindow{.start = at(10), .end = at(20), .explanation = "why"});
  ASSERT_TRUE(entry.window());
  EXPECT_EQ(entry.window()->start, at(10));
  EXPECT_EQ(entry.window()->end, at(20));
  entry.set_window(std::nullopt);
  EXPECT_FALSE(entry.window());
}

TEST(RenewalBook, IsAlwaysWhatWasTakenLastOfEachName) {
  std::mt19937 random(7);
  RenewalBook book;
  std::map<std::string, BookEntry> model;
  for (int round = 0; round < 300; ++round) {
    std::map<std::string, BookEntry> batch;
    for (auto i = random() % 20; i > 0; --i) {
      const std::string name = fmt::format("n{}.test", random() % 60);
      batch.insert_or_assign(
          name, entry_of(name, static_cast<int>(random() % 100), static_cast<int>(random() % 100)));
    }
    std::vector<BookEntry> entries;
    for (auto& [name, entry] : batch)
      entries.push_back(entry);
    std::ranges::shuffle(entries, random);
    book.take(entries);
    for (auto& [name, entry] : batch)
      model.insert_or_assign(name, entry);
    std::vector<std::string> gone;
    for (auto i = random() % 4; i > 0; --i)
      gone.push_back(fmt::format("n{}.test", random() % 60));
    std::ranges::sort(gone);
    book.drop(gone);
    for (const std::string& name : gone)
      model.erase(name);
    ASSERT_EQ(book.size(), model.size());
    std::vector<BookEntry> wanted;
    for (const auto& [name, entry] : model)
      wanted.push_back(entry);
    ASSERT_THAT(book.all(), testing::ElementsAreArray(wanted));
    for (int i = 0; i < 60; ++i) {
      const std::string name = fmt::format("n{}.test", i);
      ASSERT_EQ(book.find(name) != nullptr, model.contains(name)) << name;
    }
  }
}

}  // namespace
}  // namespace ravelin::certs
