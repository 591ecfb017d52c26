#include "gateway/limit/path_traps.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

struct TrapCase {
  const char* name;
  const char* path;
  bool is_listed;
};

constexpr TrapCase kCases[] = {
    {"ExactPath", "/wp-login.php", true},
    {"BelowADirectory", "/.git/config", true},
    {"TheDirectoryItself", "/.git/", true},
    {"DeepBelow", "/a/b/c/d/e", true},
    {"EndOfAPath", "/deep/down/shell.asp", true},
    {"EndWithASegment", "/x/.env", true},
    {"OtherPath", "/index.html", false},
    {"LongerThanExact", "/wp-login.php/x", false},
    {"DirectoryWithoutItsSlash", "/.git", false},
    {"SameBeginningOfASegment", "/.github/x", false},
    {"DirectoryFurtherDown", "/x/.git/config", false},
    {"EndInTheMiddle", "/shell.asp/x", false},
    {"OtherCase", "/WP-LOGIN.PHP", false},
    {"Root", "/", false},
    {"Empty", "", false},
};

TEST(PathTraps, HaveWhatIsListed) {
  const PathTraps traps({"/wp-login.php", "/.git/", "/a/b/c/", "*.asp", "*/.env"});
  for (const TrapCase& row : kCases)
    EXPECT_EQ(traps.has(row.path), row.is_listed) << row.name;
}

TEST(PathTraps, WithoutAnyNothingIs) {
  EXPECT_FALSE(PathTraps({}).has("/"));
}

TEST(PathTraps, TheRootIsEverything) {
  EXPECT_TRUE(PathTraps({"/"}).has("/any/thing"));
}

}  // namespace
}  // namespace ravelin::gateway
