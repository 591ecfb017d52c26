#include "certs/store/compact_journal.h"

#include "certs/store/record_lines.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <random>
#include <set>
#include <thread>

namespace ravelin::certs {
namespace {

namespace fs = std::filesystem;
using ravelin::test::TempDir;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

JournalLine done_line(unsigned number) {
  return {JournalEvent::done, fmt::format("n{}.test", number), 1};
}

class CompactJournal : public testing::Test {
 protected:
  CompactJournal() { dir_.write("journal", format_head(7)); }

  void append(const JournalLine& line) const {
    ASSERT_TRUE(append_line(path(), format_line(line)));
  }

  [[nodiscard]] JournalNews read(const JournalPlace& from) const {
    const auto news = read_journal(path(), from);
    EXPECT_TRUE(news) << news.error().message;
    return news ? *news : JournalNews{};
  }

  [[nodiscard]] bool compact(const JournalPlace& needed, const CompactionRules& rules) const {
    const auto done = compact_journal(path(), needed, rules);
    EXPECT_TRUE(done) << done.error().message;
    return done && *done;
  }

  [[nodiscard]] std::string path() const { return dir_.path("journal"); }

  TempDir dir_;
};

TEST_F(CompactJournal, WhoHasReadToTheEndGoesOnInTheNewFile) {
  for (unsigned i = 0; i < 10; ++i)
    append(done_line(i));
  const JournalPlace end = read({}).place;
  EXPECT_TRUE(compact({}, {.keep_bytes = 0, .cut_bytes = 1}));
  EXPECT_EQ(fs::file_size(path()), kJournalHeadBytesMax);
  const JournalNews nothing = read(end);
  EXPECT_FALSE(nothing.is_another);
  EXPECT_NE(nothing.place.id, 7U);
  EXPECT_THAT(nothing.lines, IsEmpty());
  append(done_line(10));
  EXPECT_THAT(read(end).lines, ElementsAre(done_line(10)));
  EXPECT_THAT(read(nothing.place).lines, ElementsAre(done_line(10)));
  EXPECT_FALSE(read(end).is_another);
}

TEST_F(CompactJournal, WhoWasBehindTheCutLooksAtEverything) {
  append(done_line(0));
  const JournalPlace early = read({}).place;
  append(done_line(1));
  append(done_line(2));
  EXPECT_TRUE(compact({}, {.keep_bytes = 1, .cut_bytes = 1}));
  const JournalNews all = read(early);
  EXPECT_TRUE(all.is_another);
  EXPECT_THAT(all.lines, ElementsAre(done_line(2)));
}

TEST_F(CompactJournal, KeepsWhatAnIndexNeeds) {
  append(done_line(0));
  const JournalPlace indexed = read({}).place;
  append(done_line(1));
  append(done_line(2));
  EXPECT_TRUE(compact(indexed, {.keep_bytes = 0, .cut_bytes = 1}));
  EXPECT_THAT(read(indexed).lines, ElementsAre(done_line(1), done_line(2)));
  // Nothing is cut off any more before the index is made anew: only one file before is remembered.
  append(done_line(3));
  EXPECT_FALSE(compact(indexed, {.keep_bytes = 0, .cut_bytes = 1}));
  EXPECT_THAT(read(indexed).lines, ElementsAre(done_line(1), done_line(2), done_line(3)));
  EXPECT_TRUE(compact(read(indexed).place, {.keep_bytes = 0, .cut_bytes = 1}));
}

TEST_F(CompactJournal, LittleIsNotWorthIt) {
  append(done_line(0));
  append(done_line(1));
  const auto size = fs::file_size(path());
  EXPECT_FALSE(compact({}, {.keep_bytes = 0, .cut_bytes = size}));
  EXPECT_FALSE(compact({}, {.keep_bytes = size, .cut_bytes = 1}));
  EXPECT_FALSE(compact({}, {}));
  EXPECT_EQ(fs::file_size(path()), size);
}

TEST_F(CompactJournal, WhatIsAnnouncedAndNotClosedIsAnnouncedAgain) {
  const JournalLine open{JournalEvent::begin, "open.test", 3};
  append({JournalEvent::begin, "closed.test", 2});
  append(open);
  append({JournalEvent::begin, "gone.test", 2});
  append({JournalEvent::done, "closed.test", 2});
  append({JournalEvent::gone, "gone.test", 0});
  const JournalPlace end = read({}).place;
  EXPECT_TRUE(compact({}, {.keep_bytes = 0, .cut_bytes = 1}));
  EXPECT_THAT(read(end).lines, ElementsAre(open));
}

TEST_F(CompactJournal, HalfALineIsNeverAWholeOne) {
  append(done_line(0));
  append(done_line(1));
  dir_.write("journal", fmt::format("{}\nbegin n1", fmt::join(*read_lines(path()), "\n")));
  const JournalPlace end = read({}).place;
  EXPECT_TRUE(compact({}, {.keep_bytes = 0, .cut_bytes = 1}));
  EXPECT_THAT(read(end).lines, IsEmpty());
  append(done_line(2));
  EXPECT_THAT(read(end).lines, ElementsAre(done_line(2)));
}

TEST_F(CompactJournal, ADamagedJournalStaysAsItIs) {
  dir_.write("journal", "something else entirely, and longer than a head\n");
  EXPECT_FALSE(compact_journal(path(), {}, {.keep_bytes = 0, .cut_bytes = 1}));
  EXPECT_EQ(fs::file_size(path()), 48U);
  EXPECT_FALSE(compact_journal(dir_.path("missing"), {}));
}

// A follower as a model has it: it knows of everything that was published, whatever was cut off
// between its looks and wherever a process that was at it was killed.
TEST_F(CompactJournal, NoFollowerMissesALine) {
  struct Follower {
    JournalPlace place{};
    std::set<std::string> known{};  // names it was told of, or read when it read all
  };

  std::mt19937 random(20261129);
  std::set<std::string> published;
  std::vector<Follower> followers(4);
  JournalPlace indexed;
  std::set<std::string> in_index;
  unsigned number = 0;
  std::size_t read_all = 0;
  for (int step = 0; step < 1200; ++step) {
    const auto what = random() % 20;
    if (what < 10) {
      append(done_line(number));
      published.insert(done_line(number++).name);
    } else if (what < 17) {
      Follower& follower = followers[random() % followers.size()];
      const JournalNews news = read(follower.place);
      if (news.is_another) {
        follower.known = published;
        ++read_all;
      }
      for (const JournalLine& line : news.lines)
        follower.known.insert(line.name);
      follower.place = news.place;
      ASSERT_EQ(follower.known, published) << "step " << step;
    } else if (what == 17) {
      indexed = read(indexed).place;
      in_index = published;
    } else if (what == 18) {
      // Killed before its last step: a file beside it, half of one.
      dir_.write("journal.cut", format_head(9) + "begin n");
    } else {
      const CompactionRules rules{.keep_bytes = random() % 400, .cut_bytes = 1 + random() % 200};
      static_cast<void>(compact(indexed, rules));
      // Who starts from the index sees what it has and what came since.
      const JournalNews news = read(indexed);
      if (indexed.id != 0) ASSERT_FALSE(news.is_another) << "step " << step;
      std::set<std::string> seen = in_index;
      for (const JournalLine& line : news.lines)
        seen.insert(line.name);
      if (indexed.id != 0) ASSERT_EQ(seen, published) << "step " << step;
    }
  }
  EXPECT_GT(read_all, followers.size());
  EXPECT_LT(read_all, 200U);
}

TEST_F(CompactJournal, WritersAtTheSameTimeLoseNoLine) {
  constexpr unsigned kEach = 60;
  JournalPlace place = read({}).place;  // before the first line
  std::atomic<unsigned> writing{3};
  std::array<std::thread, 3> writers;
  for (unsigned i = 0; i < writers.size(); ++i)
    writers[i] = std::thread([this, i, &writing] {
      for (unsigned n = 0; n < kEach; ++n)
        EXPECT_TRUE(append_line(path(), format_line(done_line(i * kEach + n))));
      --writing;
    });
  std::multiset<std::string> seen;
  std::size_t cut = 0;
  for (bool is_last = false; !is_last;) {
    is_last = writing == 0;
    const JournalNews news = read(place);
    ASSERT_FALSE(news.is_another);
    for (const JournalLine& line : news.lines)
      seen.insert(line.name);
    place = news.place;
    cut += compact(place, {.keep_bytes = 0, .cut_bytes = 1}) ? 1 : 0;
  }
  for (std::thread& writer : writers)
    writer.join();
  EXPECT_GT(cut, 1U);
  EXPECT_EQ(seen.size(), writers.size() * kEach);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), writers.size() * kEach);
}

}  // namespace
}  // namespace ravelin::certs
