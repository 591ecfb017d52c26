#include "certs/view/store_index.h"

#include "base/io/file.h"
#include "certs/store/journal.h"
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
using namespace std::chrono_literals;
using test::StoreLab;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// The file of the keys that belong to the index.
std::string keys_of(const StoreLab& lab) {
  const auto build = index_build(test::read_text(public_index(lab.store.paths())));
  return build ? key_index(lab.store.paths(), *build) : "none";
}

std::vector<std::string> files_of(const StoreLab& lab) {
  std::vector<std::string> files;
  const StorePaths& paths = lab.store.paths();
  for (const std::string& folder : {paths.root(), paths.for_gateways(), paths.for_signing()})
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.is_regular_file()) files.push_back(entry.path().filename().string());
  std::ranges::sort(files);
  return files;
}

TEST(StoreIndex, IsMadeOfWhatIsServed) {
  StoreLab lab;
  EXPECT_EQ(open_index(lab.store.paths(), 1).error().code, Errc::not_found);
  lab.serve("a.example.test");
  lab.serve("a.example.test");
  lab.serve("*.example.test");
  const auto lease = lab.lease("c.example.test");
  ASSERT_TRUE(lab.store.set_want(*lease, "c.example.test", {.names = {"c.example.test"}}));
  const auto report = rebuild_index(lab.store);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->certificates, 2U);
  EXPECT_THAT(report->left_out, IsEmpty());
  for (const std::string& file : {public_index(lab.store.paths()), keys_of(lab)})
    EXPECT_EQ(fs::status(file).permissions(), fs::perms(0600)) << file;
  const auto index = open_index(lab.store.paths(), 50);
  ASSERT_TRUE(index) << index.error().message;
  EXPECT_EQ((*index)->first_id, 50U);
  const IndexReader& reader = (*index)->reader;
  ASSERT_EQ(reader.size(), 2U);
  EXPECT_EQ(reader.entry(reader.find("a.example.test").front())->generation, 2U);
  EXPECT_EQ(reader.find("*.example.test").size(), 1U);
  EXPECT_EQ(reader.head().journal.offset, fs::file_size(lab.path("gateway/journal")));
}

TEST(StoreIndex, LeavesOutWhatCannotBeServedAndSaysSo) {
  StoreLab lab;
  lab.serve("a.example.test");
  lab.serve("b.example.test");
  const Generation revoked =
      test::make_generation({{.names = {"c.example.test"}, .key = test::TestKey::p384}});
  lab.serve("c.example.test", revoked);
  ASSERT_TRUE(lab.store.revoke_key(revoked.info.ec->spki_sha256));
  ASSERT_EQ(::chmod(lab.path("private/keys/b.example.test/000001/ec.key").c_str(), 0644), 0);
  const auto report = rebuild_index(lab.store);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->certificates, 1U);
  EXPECT_THAT(report->left_out, ElementsAre(StartsWith("b.example.test: E_KEY_PERMS: "),
                                            StartsWith("c.example.test: E_KEY_COMPROMISED: ")));
}

TEST(StoreIndex, FilesThatDoNotBelongTogetherAreRefused) {
  StoreLab lab;
  lab.serve("a.example.test");
  ASSERT_TRUE(rebuild_index(lab.store));
  const std::string before = test::read_text(keys_of(lab));
  ASSERT_TRUE(rebuild_index(lab.store));
  ASSERT_TRUE(open_index(lab.store.paths(), 1));
  const std::string keys = keys_of(lab);
  ASSERT_TRUE(base::replace_file(keys, before, 0600));
  EXPECT_EQ(open_index(lab.store.paths(), 1).error().message,
            "the index of the store and that of its keys do not belong together");
  ASSERT_TRUE(base::replace_file(keys, "", 0600));
  EXPECT_EQ(open_index(lab.store.paths(), 1).error().message,
            keys + " is empty or cannot be mapped");
  fs::remove(keys);
  EXPECT_EQ(open_index(lab.store.paths(), 1).error().code, Errc::not_found);
}

TEST(StoreIndex, OnlyTheFilesOfTheLastOneStay) {
  StoreLab lab;
  lab.serve("a.example.test");
  ASSERT_TRUE(rebuild_index(lab.store));
  // Left by a crash.
  ASSERT_TRUE(base::replace_file(lab.path("gateway/public.bin.0123456789abcdef"), "x", 0600));
  ASSERT_TRUE(base::replace_file(lab.path("private/keys-0123456789abcdef.bin"), "x", 0600));
  ASSERT_TRUE(rebuild_index(lab.store));
  EXPECT_THAT(files_of(lab),
              ElementsAre("FORMAT", "journal", fs::path(keys_of(lab)).filename(), "public.bin"));
}

TEST(StoreIndex, GivenUpItLeavesTheOldOneAndNoTrace) {
  StoreLab lab;
  for (int i = 0; i < 70; ++i)
    lab.serve(fmt::format("n{}.example.test", i));
  ASSERT_TRUE(rebuild_index(lab.store));
  const auto files = files_of(lab);
  const std::string before = test::read_text(public_index(lab.store.paths()));
  EXPECT_EQ(rebuild_index(lab.store, [] { return false; }).error().code, Errc::conflict);
  EXPECT_EQ(files_of(lab), files);
  EXPECT_EQ(test::read_text(public_index(lab.store.paths())), before);
  EXPECT_EQ((*open_index(lab.store.paths(), 1))->reader.size(), 70U);
}

TEST(StoreIndex, OnlyOneIsAtIt) {
  StoreLab lab;
  lab.serve("a.example.test");
  const auto other = Lease::take(lab.path("locks/.index"), this_process("index"), 60s);
  ASSERT_TRUE(other);
  EXPECT_EQ(rebuild_index(lab.store).error().code, Errc::conflict);
}

TEST(StoreIndex, OutlivesItsFiles) {
  StoreLab lab;
  lab.serve("a.example.test");
  ASSERT_TRUE(rebuild_index(lab.store));
  const auto index = open_index(lab.store.paths(), 1);
  ASSERT_TRUE(index);
  ASSERT_TRUE(lab.store.remove(*lab.lease("a.example.test"), "a.example.test"));
  ASSERT_TRUE(rebuild_index(lab.store));
  EXPECT_EQ((*index)->reader.find("a.example.test").size(), 1U);
  EXPECT_THAT((*open_index(lab.store.paths(), 1))->reader.find("a.example.test"), IsEmpty());
}

TEST(StoreIndex, AnUnreadableStoreLeavesTheOldOne) {
  StoreLab lab;
  lab.serve("a.example.test");
  ASSERT_TRUE(rebuild_index(lab.store));
  fs::remove(lab.path("gateway/journal"));
  EXPECT_EQ(rebuild_index(lab.store).error().code, Errc::not_found);
  EXPECT_TRUE(open_index(lab.store.paths(), 1));
}

}  // namespace
}  // namespace ravelin::certs
