#include "certs/view/index_bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace ravelin::certs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr IndexHead kHead{77, {5, 360}};

IndexEntry entry_of(std::string_view name, std::vector<std::string_view> names,
                    std::uint64_t generation = 1) {
  IndexEntry entry;
  entry.name = name;
  entry.names = std::move(names);
  entry.generation = generation;
  entry.not_after = std::chrono::sys_seconds(std::chrono::seconds(1000 + generation));
  entry.ec = PairBytes{{"leaf", "above"}, "ec key"};
  return entry;
}

IndexBytes write(const std::vector<IndexEntry>& entries, const IndexHead& head = kHead) {
  IndexWriter writer(head);
  for (const IndexEntry& entry : entries)
    EXPECT_TRUE(writer.add(entry)) << entry.name;
  return finish_whole(std::move(writer));
}

std::string why(std::string_view names, std::string_view keys) {
  const auto reader = IndexReader::open(names, keys);
  return reader ? "" : reader.error().message;
}

void expect_same(const std::optional<IndexEntry>& found, const IndexEntry& wanted) {
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, wanted.name);
  EXPECT_EQ(found->names, wanted.names);
  EXPECT_EQ(found->generation, wanted.generation);
  EXPECT_EQ(found->not_after, wanted.not_after);
  for (const PairSlot slot : kPairSlots) {
    ASSERT_EQ(found->pair(slot).has_value(), wanted.pair(slot).has_value());
    if (!wanted.pair(slot)) continue;
    EXPECT_EQ(found->pair(slot)->chain, wanted.pair(slot)->chain);
    EXPECT_EQ(found->pair(slot)->key, wanted.pair(slot)->key);
  }
}

TEST(IndexBytes, AreReadAsWritten) {
  IndexEntry both = entry_of("a.test", {"a.test", "b.test"}, 12);
  both.rsa = PairBytes{{"rsa leaf"}, "rsa key"};
  IndexEntry rsa_alone = entry_of("*.c.test", {"*.c.test"}, 7);
  rsa_alone.rsa = std::move(rsa_alone.ec);
  rsa_alone.ec.reset();
  const IndexEntry last = entry_of("d.test", {"d.test"});
  const IndexBytes bytes = write({both, rsa_alone, last});
  const auto reader = IndexReader::open(bytes.public_bytes, bytes.key_bytes);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->head().build_id, kHead.build_id);
  EXPECT_EQ(reader->head().journal, kHead.journal);
  ASSERT_EQ(reader->size(), 3U);
  expect_same(reader->entry(0), both);
  expect_same(reader->entry(1), rsa_alone);
  expect_same(reader->entry(2), last);
  EXPECT_FALSE(reader->entry(3));
  EXPECT_EQ(reader->row(0).generation, 12U);
  EXPECT_EQ(reader->row(1).not_after, rsa_alone.not_after);
}

TEST(IndexBytes, KeysAreInTheOtherFileAlone) {
  const IndexBytes bytes = write({entry_of("a.test", {"a.test"})});
  EXPECT_EQ(bytes.public_bytes.find("ec key"), std::string::npos);
  EXPECT_NE(bytes.key_bytes.find("ec key"), std::string::npos);
  EXPECT_EQ(bytes.key_bytes.find("a.test"), std::string::npos);
}

TEST(IndexBytes, AnEmptyOneFindsNothing) {
  const IndexBytes bytes = write({});
  const auto reader = IndexReader::open(bytes.public_bytes, bytes.key_bytes);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->size(), 0U);
  EXPECT_FALSE(reader->entry(0));
  EXPECT_THAT(reader->find("a.test"), IsEmpty());
  EXPECT_THAT(reader->find(""), IsEmpty());
}

TEST(IndexBytes, TheOneThatIsCalledSoComesFirstThenAsAdded) {
  const IndexBytes bytes =
      write({entry_of("a.test", {"a.test", "www.test"}), entry_of("b.test", {"b.test", "www.test"}),
             entry_of("www.test", {"other.test", "www.test"})});
  const auto reader = IndexReader::open(bytes.public_bytes, bytes.key_bytes);
  ASSERT_TRUE(reader);
  EXPECT_THAT(reader->find("www.test"), ElementsAre(2U, 0U, 1U));
  EXPECT_THAT(reader->find("a.test"), ElementsAre(0U));
  EXPECT_THAT(reader->find("other.test"), ElementsAre(2U));
}

TEST(IndexBytes, WildcardsAreFoundByTheirOwnText) {
  const IndexBytes bytes = write({entry_of("*.a.test", {"*.a.test"})});
  const auto reader = IndexReader::open(bytes.public_bytes, bytes.key_bytes);
  ASSERT_TRUE(reader);
  EXPECT_THAT(reader->find("*.a.test"), ElementsAre(0U));
  EXPECT_THAT(reader->find("x.a.test"), IsEmpty());
  EXPECT_THAT(reader->find("a.test"), IsEmpty());
}

TEST(IndexBytes, EachOfManyIsFoundAndNoneBetween) {
  std::vector<std::string> names;
  for (int i = 0; i < 2000; ++i)
    names.push_back(fmt::format("n{}.test", i));
  std::vector<IndexEntry> entries;
  entries.reserve(names.size());
  for (const std::string& name : names)
    entries.push_back(entry_of(name, {name}));
  const IndexBytes bytes = write(entries);
  const auto reader = IndexReader::open(bytes.public_bytes, bytes.key_bytes);
  ASSERT_TRUE(reader);
  for (std::size_t i = 0; i < names.size(); ++i) {
    ASSERT_THAT(reader->find(names[i]), ElementsAre(i));
    ASSERT_THAT(reader->find("x" + names[i]), IsEmpty());
  }
}

TEST(IndexBytes, WhatDoesNotFitIsRefusedAndLeavesNoTrace) {
  struct TooMuch {
    const char* title;
    IndexEntry entry;
  };

  const std::string long_text(70'000, 'x');
  std::vector<TooMuch> rows;
  rows.push_back({"LongName", entry_of(long_text, {"a.test"})});
  rows.push_back({"LongCoveredName", entry_of("a.test", {"a.test", long_text})});
  rows.push_back(
      {"ManyNames", entry_of("a.test", std::vector<std::string_view>(10'001, "a.test"))});
  rows.push_back({"LongChain", entry_of("a.test", {"a.test"})});
  rows.back().entry.ec->chain.assign(256, "der");
  rows.push_back({"EmptyChain", entry_of("a.test", {"a.test"})});
  rows.back().entry.ec->chain.clear();
  for (const TooMuch& row : rows) {
    IndexWriter writer(kHead);
    const auto added = writer.add(row.entry);
    ASSERT_FALSE(added) << row.title;
    EXPECT_THAT(added.error().message, ::testing::HasSubstr("does not fit into the index"));
    IndexEntry good = entry_of("b.test", {"b.test"});
    good.rsa = PairBytes{{"rsa leaf"}, "rsa key"};
    ASSERT_TRUE(writer.add(good));
    const IndexBytes bytes = finish_whole(std::move(writer));
    const auto reader = IndexReader::open(bytes.public_bytes, bytes.key_bytes);
    ASSERT_TRUE(reader) << row.title;
    EXPECT_EQ(reader->size(), 1U) << row.title;
    expect_same(reader->entry(0), good);
  }
}

TEST(IndexBytes, AreTheSameHoweverOftenTheyAreTaken) {
  const std::vector<IndexEntry> entries = {entry_of("a.test", {"a.test"}),
                                           entry_of("b.test", {"b.test", "c.test"}, 3)};
  IndexWriter writer(kHead);
  IndexBytes bytes;
  for (const IndexEntry& entry : entries) {
    ASSERT_TRUE(writer.add(entry));
    const IndexBytes next = writer.take();
    bytes.public_bytes += next.public_bytes;
    bytes.key_bytes += next.key_bytes;
  }
  // Unfinished, it is none.
  EXPECT_NE(why(bytes.public_bytes, bytes.key_bytes), "");
  const IndexWriter::End end = writer.finish(2);
  bytes.public_bytes += end.rest.public_bytes;
  bytes.key_bytes += end.rest.key_bytes;
  bytes.public_bytes.replace(0, end.heads.public_bytes.size(), end.heads.public_bytes);
  bytes.key_bytes.replace(0, end.heads.key_bytes.size(), end.heads.key_bytes);
  const auto reader = IndexReader::open(bytes.public_bytes, bytes.key_bytes);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->head().left_out, 2U);
  expect_same(reader->entry(0), entries[0]);
  expect_same(reader->entry(1), entries[1]);
}

TEST(IndexBytes, WhatIsNoneIsRefused) {
  const IndexBytes bytes = write({entry_of("a.test", {"a.test"})});
  const std::string& names = bytes.public_bytes;
  const std::string& keys = bytes.key_bytes;
  EXPECT_EQ(why(names, keys), "");
  EXPECT_EQ(why("", ""), "the index of the store is cut off");
  EXPECT_EQ(why(keys, names), "the index of the store is cut off");
  EXPECT_EQ(why(names, write({}, {78, {}}).key_bytes),
            "the index of the store and that of its keys do not belong together");
  std::string other = names;
  other[7] = '1';
  EXPECT_EQ(why(other, keys), "the index of the store is of another version");
  for (std::size_t size = 0; size < names.size(); ++size)
    EXPECT_EQ(why(std::string_view(names).substr(0, size), keys),
              "the index of the store is cut off");
  EXPECT_EQ(why(names + "x", keys), "the index of the store is cut off");
  EXPECT_EQ(why(names, keys.substr(0, keys.size() - 1)), "the index of the store is cut off");
}

// Everything an index can be asked, for damaged ones too.
void ask_everything(const IndexReader& reader) {
  for (std::size_t row = 0; row <= reader.size(); ++row)
    if (row < reader.size())
      static_cast<void>(reader.row(row));
    else
      EXPECT_FALSE(reader.entry(row));
  for (const char* name : {"a.test", "*.b.test", "nothing.test"})
    for (const std::size_t row : reader.find(name)) {
      const auto entry = reader.entry(row);
      ASSERT_TRUE(entry);
      EXPECT_THAT(entry->names, ::testing::Contains(std::string_view(name)));
    }
}

TEST(IndexBytes, DamageAtAnyByteGivesNoWrongAnswer) {
  IndexEntry both = entry_of("a.test", {"a.test", "*.b.test"});
  both.rsa = PairBytes{{"rsa leaf"}, "rsa key"};
  const IndexBytes good = write({both, entry_of("c.test", {"c.test"})});
  std::size_t refused = 0;
  for (const bool is_in_keys : {false, true}) {
    const std::size_t size = is_in_keys ? good.key_bytes.size() : good.public_bytes.size();
    for (std::size_t at = 0; at < size; ++at)
      for (const int change : {0x01, 0x80, 0xff}) {
        IndexBytes bad = good;
        std::string& text = is_in_keys ? bad.key_bytes : bad.public_bytes;
        text[at] = static_cast<char>(text[at] ^ change);
        const auto reader = IndexReader::open(bad.public_bytes, bad.key_bytes);
        refused += reader ? 0 : 1;
        if (reader) ask_everything(*reader);
      }
  }
  // Heads, rows and slots are refused as a whole: 3 changes each of at least 2 rows and 3 slots.
  EXPECT_GT(refused, 3U * (2 * 32 + 3 * 16));
}

// A damaged place must not send whoever follows past lines it has not read.
TEST(IndexBytes, DamageOfTheJournalsPlaceIsRefused) {
  const IndexBytes good = write({entry_of("a.test", {"a.test"})});
  constexpr std::size_t kJournalPlace = 16;  // behind the magic and the id of the build
  for (std::size_t at = kJournalPlace; at < kJournalPlace + 16; ++at) {
    std::string bad = good.public_bytes;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    EXPECT_EQ(why(bad, good.key_bytes), "the index of the store is damaged") << at;
  }
}

}  // namespace
}  // namespace ravelin::certs
