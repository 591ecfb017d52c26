#include "certs/store/canary_file.h"

#include "certs/store/durable.h"
#include "tests/certs/store/store_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace ravelin::certs {
namespace {

namespace fs = std::filesystem;
using test::StoreLab;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kCanaryName = "www.example.test";

Canary canary(std::uint64_t generation = 2, std::uint64_t beside = 1) {
  return {.name = kCanaryName,
          .generation = generation,
          .beside = beside,
          .share = 500,
          .since = sys_seconds(std::chrono::seconds(1'772'000'000)),
          .lasts = std::chrono::minutes(10),
          .by = "root"};
}

// Generations 1 (served) and 2 (kept).
void keep_two(StoreLab& lab) {
  lab.serve(kCanaryName);
  const auto lease = lab.lease(kCanaryName);
  ASSERT_TRUE(lab.store.keep(*lease, kCanaryName, *lab.store.generation(kCanaryName, 1)));
}

TEST(CanaryFile, ReadsBackWhatItWrites) {
  const auto read = parse_canary(format_canary(canary()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, canary());
}

TEST(CanaryFile, RefusesRecordsThatAreNone) {
  const auto with = [](auto change) {
    Canary changed = canary();
    change(changed);
    return parse_canary(format_canary(changed)).has_value();
  };
  EXPECT_FALSE(with([](Canary& c) { c.name = "../etc"; }));
  EXPECT_FALSE(with([](Canary& c) { c.generation = 0; }));
  EXPECT_FALSE(with([](Canary& c) { c.beside = 0; }));
  EXPECT_FALSE(with([](Canary& c) { c.beside = c.generation; }));
  EXPECT_FALSE(with([](Canary& c) { c.share = 0; }));
  EXPECT_FALSE(with([](Canary& c) { c.share = kWholeShare; }));
  EXPECT_FALSE(with([](Canary& c) { c.lasts = std::chrono::days(400); }));
  EXPECT_FALSE(parse_canary("{}"));
  EXPECT_FALSE(parse_canary("[]"));
}

TEST(CanaryShare, IsReadAndSaid) {
  struct Row {
    const char* text;
    std::uint32_t share;  // 0 = refused
  };

  for (const Row& row :
       {Row{"5%", 500}, Row{"0.5%", 50}, Row{"0.01%", 1}, Row{"99.99%", 9999}, Row{"50%", 5000},
        Row{"0%", 0}, Row{"100%", 0}, Row{"5", 0}, Row{"%", 0}, Row{"-5%", 0}, Row{"5.%", 0},
        Row{".5%", 0}, Row{"0.001%", 0}, Row{"5.5.5%", 0}, Row{"", 0}, Row{"1e1%", 0}}) {
    const auto share = parse_share(row.text);
    EXPECT_EQ(share ? *share : 0, row.share) << row.text;
    if (share) EXPECT_EQ(share_text(*share), row.text);
  }
}

TEST(CanaryInStore, CountsBesideTheGenerationThatIsServed) {
  StoreLab lab;
  keep_two(lab);
  EXPECT_FALSE(find_canary(lab.store, kCanaryName));
  const auto lease = lab.lease(kCanaryName);
  ASSERT_TRUE(begin_canary(lab.store, *lease, canary()));
  EXPECT_EQ(find_canary(lab.store, kCanaryName), canary());
  EXPECT_THAT(read_canaries(lab.store.paths()), testing::ElementsAre(canary()));
  ASSERT_TRUE(end_canary(lab.store, *lease, kCanaryName));
  EXPECT_FALSE(find_canary(lab.store, kCanaryName));
  EXPECT_TRUE(end_canary(lab.store, *lease, kCanaryName));
}

TEST(CanaryInStore, NeedsTwoKeptGenerations) {
  StoreLab lab;
  keep_two(lab);
  const auto lease = lab.lease(kCanaryName);
  const auto unknown = begin_canary(lab.store, *lease, canary(3));
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("has no generation 3"));
  const auto other = begin_canary(lab.store, *lease, canary(1, 2));
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("generation 1 of \"www.example.test\" is served"));
}

TEST(CanaryInStore, EndsWithWhateverIsPublished) {
  StoreLab lab;
  keep_two(lab);
  {
    const auto lease = lab.lease(kCanaryName);
    ASSERT_TRUE(begin_canary(lab.store, *lease, canary()));
    ASSERT_TRUE(lab.store.publish(*lease, kCanaryName, 2));
  }
  EXPECT_FALSE(find_canary(lab.store, kCanaryName));
  EXPECT_THAT(read_canaries(lab.store.paths()), IsEmpty());
}

// As a crash after the flip of the link leaves it.
TEST(CanaryInStore, DoesNotCountOnceAnotherIsServed) {
  StoreLab lab;
  keep_two(lab);
  const auto lease = lab.lease(kCanaryName);
  ASSERT_TRUE(begin_canary(lab.store, *lease, canary()));
  ASSERT_TRUE(point_link(lab.store.paths().current(kCanaryName), "gen/000002"));
  EXPECT_FALSE(find_canary(lab.store, kCanaryName));
}

TEST(CanaryInStore, GoesWithItsCertificate) {
  StoreLab lab;
  keep_two(lab);
  const auto lease = lab.lease(kCanaryName);
  ASSERT_TRUE(begin_canary(lab.store, *lease, canary()));
  ASSERT_TRUE(lab.store.remove(*lease, kCanaryName));
  EXPECT_THAT(read_canaries(lab.store.paths()), IsEmpty());
}

TEST(CanaryInStore, DamagedAndMisplacedFilesAreLeftOut) {
  StoreLab lab;
  keep_two(lab);
  fs::create_directories(canary_folder(lab.store.paths()));
  std::ofstream(canary_file(lab.store.paths(), "a.example.test")) << "{ no";
  std::ofstream(canary_file(lab.store.paths(), "b.example.test")) << format_canary(canary());
  std::ofstream(canary_folder(lab.store.paths()) + "/x.new") << format_canary(canary());
  EXPECT_THAT(read_canaries(lab.store.paths()), IsEmpty());
  EXPECT_FALSE(find_canary(lab.store, kCanaryName));
}

}  // namespace
}  // namespace ravelin::certs
