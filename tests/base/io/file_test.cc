#include "base/io/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

namespace ravelin::base {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class File : public ::testing::Test {
 public:
  ~File() override { std::filesystem::remove_all(directory_); }

 protected:
  File() {
    std::string name = (std::filesystem::temp_directory_path() / "ravelin-file-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }

  [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory_))
      found.push_back(entry.path().filename().string());
    std::ranges::sort(found);
    return found;
  }

  std::string directory_;
};

mode_t mode_of(const std::string& path) {
  struct stat status {};

  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return status.st_mode & 07777U;
}

// While it lives, writing beyond `bytes` of a file fails with EFBIG, as a full disk does with
// ENOSPC: in the middle of a write.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit small{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }

  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  ~SmallDisk() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  void (*old_handler_)(int);
};

TEST_F(File, IsReadBackAsItWasWritten) {
  const std::string content("a\0b\n", 4);
  ASSERT_TRUE(replace_file(path("x"), content, 0644));
  EXPECT_EQ(*read_file(path("x"), 4), content);
}

TEST_F(File, LargerThanTheLimitIsRefused) {
  ASSERT_TRUE(replace_file(path("x"), std::string(100'001, 'x'), 0644));
  EXPECT_EQ(read_file(path("x"), 100'001)->size(), 100'001U);
  const auto refused = read_file(path("x"), 100'000);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid);
  EXPECT_EQ(refused.error().message, path("x") + " is larger than 100000 bytes");
  EXPECT_FALSE(read_file("/dev/zero", 1'000'000));  // endless, and of size 0 to stat()
}

TEST_F(File, MissingIsToldFromUnreadable) {
  const auto missing = read_file(path("x"), 10);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::not_found);
  EXPECT_THAT(missing.error().message, HasSubstr(path("x")));
  const auto directory = read_file(directory_, 10);
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().message, directory_ + " is a directory, not a file");
}

TEST_F(File, AFifoOnTheDiskIsRefusedAtOnce) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  const auto refused = read_file(path("fifo"), 10);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::invalid);
  EXPECT_EQ(refused.error().message, path("fifo") + " is a FIFO, not a file");
}

TEST_F(File, APipeThatIsHandedOnIsReadToItsEnd) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string text(300'000, 'x');  // more than the pipe holds: the reader waits for the rest
  std::thread writer([&] {
    for (std::size_t at = 0; at < text.size();)
      at += static_cast<std::size_t>(::write(ends[1], text.data() + at, text.size() - at));
    ::close(ends[1]);
  });
  const auto content = read_file("/dev/fd/" + std::to_string(ends[0]), 1'000'000);
  ::close(ends[0]);
  writer.join();
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_EQ(*content, text);
}

TEST_F(File, IsReplacedWithTheModeAskedForWhateverTheUmask) {
  const mode_t old_mask = ::umask(0077);
  ASSERT_TRUE(replace_file(path("x"), "one", 0644));
  ASSERT_TRUE(replace_file(path("x"), "two", 0600));
  ASSERT_TRUE(replace_file(path("y"), "three", 0664));
  ::umask(old_mask);
  EXPECT_EQ(*read_file(path("x"), 10), "two");
  EXPECT_EQ(mode_of(path("x")), 0600U);
  EXPECT_EQ(mode_of(path("y")), 0664U);
  EXPECT_THAT(names(), ElementsAre("x", "y"));
}

TEST_F(File, SurvivesAFullDiskInTheMiddleOfTheWrite) {
  ASSERT_TRUE(replace_file(path("x"), "old", 0600));
  Result<> outcome;
  {
    const SmallDisk small(10'000);
    outcome = replace_file(path("x"), std::string(50'000, 'n'), 0644);
  }
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::io);
  EXPECT_THAT(outcome.error().message, HasSubstr("writing " + path("x")));
  EXPECT_EQ(*read_file(path("x"), 10), "old");
  EXPECT_EQ(mode_of(path("x")), 0600U);
  EXPECT_THAT(names(), ElementsAre("x"));  // and nothing is left beside it
}

TEST_F(File, ThatCannotBeReplacedLeavesNothingBehind) {
  std::filesystem::create_directory(path("x"));
  std::filesystem::create_directory(path("x/inside"));
  EXPECT_FALSE(replace_file(path("x"), "new", 0644));
  EXPECT_THAT(names(), ElementsAre("x"));
  const auto nowhere = replace_file(path("none/x"), "new", 0644);
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, Errc::not_found);
}

TEST_F(File, LinkIsReplacedAndItsTargetKept) {
  ASSERT_TRUE(replace_file(path("target"), "old", 0644));
  std::filesystem::create_symlink("target", path("link"));
  ASSERT_TRUE(replace_file(path("link"), "new", 0644));
  EXPECT_EQ(*read_file(path("target"), 10), "old");
  EXPECT_FALSE(std::filesystem::is_symlink(path("link")));
}

TEST_F(File, GlobListsFilesInByteOrder) {
  for (const char* name : {"b.yaml", "B.yaml", "a.yaml", "c.txt", "10.yaml", "9.yaml"})
    ASSERT_TRUE(replace_file(path(name), "", 0644));
  std::filesystem::create_directory(path("d.yaml"));
  EXPECT_THAT(
      *glob_files(path("*.yaml")),
      ElementsAre(path("10.yaml"), path("9.yaml"), path("B.yaml"), path("a.yaml"), path("b.yaml")));
  EXPECT_THAT(*glob_files(path("*.none")), IsEmpty());
}

TEST(FilePath, IsResolvedBesideTheFileThatNamesIt) {
  EXPECT_EQ(beside("/etc/ravelin/ravelin.yaml", "www.crt"), "/etc/ravelin/www.crt");
  EXPECT_EQ(beside("/etc/ravelin/ravelin.yaml", "../ssl/./www.crt"), "/etc/ssl/www.crt");
  EXPECT_EQ(beside("/etc/ravelin/ravelin.yaml", "/srv/www.crt"), "/srv/www.crt");
  EXPECT_EQ(beside("ravelin.yaml", "www.crt"), "www.crt");
  EXPECT_EQ(beside("conf/ravelin.yaml", "www.crt"), "conf/www.crt");
}

}  // namespace
}  // namespace ravelin::base
