#include "certs/store/journal.h"

#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace ravelin::certs {
namespace {

using base::Errc;
using ravelin::test::TempDir;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const JournalLine kBegin{JournalEvent::begin, "www.example.test", 12};
const JournalLine kDone{JournalEvent::done, "*.example.test", 1'000'000};
const JournalLine kGone{JournalEvent::gone, "old.example.test", 0};

std::string text_of(std::initializer_list<JournalLine> lines) {
  std::string text;
  for (const JournalLine& line : lines)
    text += format_line(line) + "\n";
  return text;
}

TEST(JournalText, LinesAreReadAsWritten) {
  EXPECT_EQ(text_of({kBegin, kDone, kGone}),
            "begin www.example.test 000012\ndone *.example.test 1000000\ngone old.example.test\n");
  for (const JournalLine& line : {kBegin, kDone, kGone})
    EXPECT_EQ(*parse_line(format_line(line)), line);
}

TEST(JournalText, OtherLinesAreNone) {
  for (const char* text :
       {"", "begin", "begin ", "begin a.test", "begin a.test 12", "begin a.test 000000",
        "begin A.test 000012", "begin a.test  000012", "begin a.test 000012 ", "gone a.test 000012",
        "gone ../a", "done \n 000012", "begins a.test 000012", " begin a.test 000012"})
    EXPECT_FALSE(parse_line(text)) << '"' << text << '"';
}

TEST(JournalText, TheHeadHasAnIdAndOneLength) {
  const std::string head = format_head(0x0123456789abcdef);
  EXPECT_EQ(head, "ravelin-journal 1 0123456789abcdef \n");
  EXPECT_EQ(head.size(), kJournalHeadBytes);
  EXPECT_EQ(parse_head(head)->id, 0x0123456789abcdefU);
  EXPECT_EQ(parse_head(head + "begin")->id, 0x0123456789abcdefU);
  for (std::size_t size = 0; size < head.size(); ++size)
    EXPECT_FALSE(parse_head(std::string_view(head).substr(0, size))) << size;
  EXPECT_FALSE(parse_head(format_head(0)));
  EXPECT_FALSE(parse_head("ravelin-journal 2 0123456789abcdef \n"));
  EXPECT_FALSE(parse_head("ravelin-journal 1 0123456789ABCDEF \n"));
  EXPECT_FALSE(parse_head("ravelin-journal 1 0x23456789abcdef \n"));
}

TEST(JournalText, TheHeadMaySayWhereItGoesOn) {
  const std::string head = format_head(7, {6, 0xabc});
  EXPECT_EQ(head, "ravelin-journal 1 0000000000000007 \nafter 0000000000000006 0000000000000abc\n");
  EXPECT_EQ(head.size(), kJournalHeadBytesMax);
  const auto parsed = parse_head(head);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->after, (JournalPlace{6, 0xabc}));
  EXPECT_EQ(parsed->bytes, kJournalHeadBytesMax);
  // Half of it, itself, nothing: the file begins anew.
  for (std::size_t size = kJournalHeadBytes; size < head.size(); ++size)
    EXPECT_EQ(parse_head(std::string_view(head).substr(0, size))->bytes, kJournalHeadBytes);
  EXPECT_EQ(parse_head(format_head(7, {7, 0xabc}))->after.id, 0U);
  EXPECT_EQ(parse_head(format_head(7, {0, 0xabc}))->after.id, 0U);
}

TEST(JournalText, APlaceInTheFileBeforeIsOneInThisNotBeforeTheCut) {
  const JournalHead head{.id = 7, .after = {6, 1000}, .bytes = 76};
  constexpr std::uint64_t kSize = 176;
  EXPECT_EQ(head.find({6, 1000}, kSize), 76U);
  EXPECT_EQ(head.find({6, 1100}, kSize), 176U);
  EXPECT_EQ(head.find({6, 999}, kSize), std::nullopt);
  EXPECT_EQ(head.find({6, 1101}, kSize), std::nullopt);
  EXPECT_EQ(head.find({7, 76}, kSize), 76U);
  EXPECT_EQ(head.find({7, 176}, kSize), 176U);
  EXPECT_EQ(head.find({7, 177}, kSize), std::nullopt);
  EXPECT_EQ(head.find({7, 75}, kSize), std::nullopt);
  EXPECT_EQ(head.find({5, 1000}, kSize), std::nullopt);
  EXPECT_EQ(head.find({0, 0}, kSize), std::nullopt);
  EXPECT_EQ((JournalHead{.id = 7, .bytes = 36}.find({0, 50}, kSize)), std::nullopt);
}

class Journal : public testing::Test {
 protected:
  void put(const std::string& text, std::uint64_t id = 7) const {
    dir_.write("journal", format_head(id) + text);
  }

  [[nodiscard]] JournalNews read(const JournalPlace& from = {}) const {
    const auto news = read_journal(path(), from);
    EXPECT_TRUE(news) << news.error().message;
    return news ? *news : JournalNews{};
  }

  [[nodiscard]] std::string path() const { return dir_.path("journal"); }

  TempDir dir_;
};

TEST_F(Journal, IsReadFromWhereItWasLeft) {
  put("");
  const JournalNews start = read();
  EXPECT_TRUE(start.is_another);
  EXPECT_EQ(start.place, (JournalPlace{7, kJournalHeadBytes}));
  put(text_of({kBegin}));
  const JournalNews first = read(start.place);
  EXPECT_FALSE(first.is_another);
  EXPECT_THAT(first.lines, ElementsAre(kBegin));
  put(text_of({kBegin, kDone, kGone}));
  const JournalNews second = read(first.place);
  EXPECT_THAT(second.lines, ElementsAre(kDone, kGone));
  EXPECT_THAT(read(second.place).lines, IsEmpty());
  EXPECT_EQ(read(second.place).place, second.place);
}

TEST_F(Journal, HalfALineWaitsForItsEnd) {
  put("");
  const JournalPlace from = read().place;
  const std::string line = format_line(kBegin) + "\n";
  for (std::size_t size = 0; size < line.size(); ++size) {
    put(line.substr(0, size));
    const JournalNews news = read(from);
    EXPECT_THAT(news.lines, IsEmpty()) << size;
    EXPECT_EQ(news.place, from) << size;
    EXPECT_FALSE(news.is_another) << size;
  }
  put(line);
  EXPECT_THAT(read(from).lines, ElementsAre(kBegin));
}

TEST_F(Journal, AnotherFileIsReadFromItsBegin) {
  put(text_of({kBegin, kDone}));
  const JournalPlace from = read().place;
  put(text_of({kGone}), 8);
  const JournalNews other = read(from);
  EXPECT_TRUE(other.is_another);
  EXPECT_EQ(other.place.id, 8U);
  EXPECT_THAT(other.lines, ElementsAre(kGone));
  // The same id, but shorter than what was read: it was set back.
  put(text_of({kGone}));
  const JournalNews shorter = read(from);
  EXPECT_TRUE(shorter.is_another);
  EXPECT_THAT(shorter.lines, ElementsAre(kGone));
}

TEST_F(Journal, ADamagedLineMayHaveNamedAnyCertificate) {
  put("");
  const JournalPlace from = read().place;
  put(text_of({kBegin}) + "nonsense\n" + text_of({kDone}));
  const JournalNews news = read(from);
  EXPECT_TRUE(news.is_another);
  EXPECT_THAT(news.lines, ElementsAre(kBegin, kDone));
  EXPECT_FALSE(read(news.place).is_another);
}

TEST_F(Journal, WhatIsNoneIsAnError) {
  EXPECT_EQ(read_journal(path(), {}).error().code, Errc::not_found);
  dir_.write("journal", "");
  EXPECT_EQ(read_journal(path(), {}).error().message,
            path() + ": the journal of the store does not begin as one");
  dir_.write("journal", "something else entirely, and longer than a head\n");
  EXPECT_EQ(read_journal(path(), {}).error().code, Errc::invalid);
  put("");
  std::filesystem::create_symlink(path(), dir_.path("link"));
  EXPECT_FALSE(read_journal(dir_.path("link"), {}));
}

}  // namespace
}  // namespace ravelin::certs
