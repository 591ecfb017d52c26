#include "certs/store/durable.h"

#include "tests/certs/store/store_lab.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace ravelin::certs {
namespace {

using base::Errc;
using ravelin::test::TempDir;
namespace fs = std::filesystem;

TEST(Durable, FoldersAreForTheirOwnerAndMayBeThereAlready) {
  const TempDir dir;
  ASSERT_TRUE(make_folder(dir.path("a")));
  EXPECT_EQ(fs::status(dir.path("a")).permissions(), fs::perms(0700));
  dir.write("a/file", "x");
  EXPECT_TRUE(make_folder(dir.path("a")));
  EXPECT_TRUE(fs::exists(dir.path("a/file")));
  const auto missing = make_folder(dir.path("b/c"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
}

TEST(Durable, NewFilesHaveTheirModeAndReplaceNothing) {
  const TempDir dir;
  ASSERT_TRUE(write_new_file(dir.path("file"), "text", 0644));
  EXPECT_EQ(fs::status(dir.path("file")).permissions(), fs::perms(0644));
  const auto again = write_new_file(dir.path("file"), "other", 0600);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::conflict);
  EXPECT_EQ(test::read_text(dir.path("file")), "text");
  fs::create_symlink(dir.path("target"), dir.path("link"));
  EXPECT_FALSE(write_new_file(dir.path("link"), "text", 0600));
  EXPECT_FALSE(fs::exists(dir.path("target")));
}

TEST(Durable, LinksAreTurnedInOneStep) {
  const TempDir dir;
  ASSERT_TRUE(point_link(dir.path("link"), "one"));
  ASSERT_TRUE(point_link(dir.path("link"), "two"));
  EXPECT_EQ(fs::read_symlink(dir.path("link")), "two");
  // A crash left the next one prepared.
  fs::create_symlink("three", dir.path("link.new"));
  ASSERT_TRUE(point_link(dir.path("link"), "four"));
  EXPECT_EQ(fs::read_symlink(dir.path("link")), "four");
  EXPECT_FALSE(fs::is_symlink(dir.path("link.new")));
}

TEST(Durable, AFolderInTheWayOfALinkStays) {
  const TempDir dir;
  fs::create_directories(dir.path("link/inside"));
  EXPECT_FALSE(point_link(dir.path("link"), "one"));
  EXPECT_TRUE(fs::exists(dir.path("link/inside")));
  fs::create_directory(dir.path("other.new"));
  ASSERT_TRUE(fs::exists(dir.path("other.new")));
  EXPECT_FALSE(point_link(dir.path("other"), "one"));
}

TEST(Durable, MovesAreWithinOneFolderTree) {
  const TempDir dir;
  ASSERT_TRUE(make_folder(dir.path("from")));
  dir.write("from/file", "text");
  ASSERT_TRUE(move_to(dir.path("from"), dir.path("to")));
  EXPECT_EQ(test::read_text(dir.path("to/file")), "text");
  EXPECT_FALSE(fs::exists(dir.path("from")));
  EXPECT_EQ(move_to(dir.path("from"), dir.path("to")).error().code, Errc::not_found);
}

TEST(Durable, RemovingWhatIsNotThereIsDone) {
  const TempDir dir;
  EXPECT_TRUE(remove_folder(dir.path("none")));
  ASSERT_TRUE(make_folder(dir.path("some")));
  dir.write("some/file", "x");
  EXPECT_TRUE(remove_folder(dir.path("some")));
  EXPECT_FALSE(fs::exists(dir.path("some")));
}

}  // namespace
}  // namespace ravelin::certs
