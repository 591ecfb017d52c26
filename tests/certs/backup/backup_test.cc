#include "certs/backup/backup.h"

#include "base/io/file.h"
#include "base/io/owned_fd.h"
#include "certs/backup/restore.h"
#include "certs/store/ticket_file.h"
#include "tests/certs/store/store_lab.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>

namespace ravelin::certs {
namespace {

namespace fs = std::filesystem;
using base::Errc;
using test::StoreLab;
using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr SealCost kCheap{.log_n = SealCost::kLogNMin};
constexpr std::string_view kSecret = "correct horse";

base::OwnedFd open_file(const std::string& path, int how) {
  return base::OwnedFd(::open(path.c_str(), how | O_CLOEXEC, 0600));
}

// Everything below a folder: what it is, its mode and its content. What is made again is left out.
std::map<std::string, std::string> tree_of(const std::string& root) {
  std::map<std::string, std::string> tree;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const std::string path = fs::relative(entry.path(), root).string();
    if (path == "gateway/journal" || path.starts_with("locks/")) continue;

    struct stat status {};

    EXPECT_EQ(::lstat(entry.path().c_str(), &status), 0);
    std::string what = fmt::format("{:o}:", status.st_mode);
    if (entry.is_symlink())
      what += fs::read_symlink(entry.path()).string();
    else if (entry.is_regular_file())
      what += test::read_text(entry.path().string());
    tree[path] = what;
  }
  return tree;
}

class Backup : public testing::Test {
 protected:
  Backup() {
    lab_.serve({{.names = {"a.example.test", "b.example.test"}},
                {.names = {"a.example.test"}, .key = test::TestKey::rsa2048}});
    lab_.serve("a.example.test");
    lab_.serve("*.example.test");
    EXPECT_TRUE(lab_.store.set_want(*lab_.lease("a.example.test"), "a.example.test",
                                    {.names = {"a.example.test"}, .issuers = {"le"}}));
    lab_.store.note("a.example.test", {.event = "issue", .by = "root"});
    EXPECT_TRUE(lab_.store.revoke_key(std::string(64, 'a')));
    EXPECT_TRUE(tend_tickets(lab_.store, {}, sys_seconds(seconds(1000))));
    fs::create_directory(lab_.path("ca"));
    EXPECT_EQ(::chmod(lab_.path("ca").c_str(), 0700), 0);
    EXPECT_TRUE(base::replace_file(lab_.path("ca/root.key"), "key", 0600));
  }

  std::string write() {
    const std::string file = dir_.path("backup");
    const base::OwnedFd fd = open_file(file, O_WRONLY | O_CREAT | O_TRUNC);
    const auto report = write_backup(lab_.store, kSecret, fd.get(), kCheap);
    EXPECT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->certificates, 2U);
    return test::read_text(file);
  }

  [[nodiscard]] Result<BackupReport> restore(const std::string& bytes,
                                             std::string_view passphrase = kSecret) const {
    dir_.write("given", bytes);
    const base::OwnedFd fd = open_file(dir_.path("given"), O_RDONLY);
    return restore_backup(fd.get(), passphrase, place());
  }

  [[nodiscard]] std::string place() const { return dir_.path("restored"); }

  void expect_nothing_left() const {
    EXPECT_FALSE(fs::exists(place()));
    EXPECT_FALSE(fs::exists(place() + ".restoring"));
  }

  StoreLab lab_;
  ravelin::test::TempDir dir_;
};

TEST_F(Backup, RestoresTheStoreAsItWas) {
  const std::string bytes = write();
  const auto report = restore(bytes);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->certificates, 2U);
  EXPECT_EQ(tree_of(place()), tree_of(lab_.root()));
  const auto store = StoreDir::open(place());
  ASSERT_TRUE(store);
  EXPECT_EQ(store->state("a.example.test")->current, 2U);
  EXPECT_EQ(store->state("a.example.test")->previous, 1U);
  EXPECT_EQ(store->want("a.example.test")->issuers, std::vector<std::string>{"le"});
  // A journal of its own: nobody takes it for the other store's.
  EXPECT_NE(test::read_text(place() + "/gateway/journal"),
            test::read_text(lab_.path("gateway/journal")));
}

TEST_F(Backup, HoldsNoSecretInTheClear) {
  const std::string bytes = write();
  for (const char* text : {"PRIVATE", "CERTIFICATE", "example", "want.json", "root.key"})
    EXPECT_EQ(bytes.find(text), std::string::npos) << text;
}

TEST_F(Backup, RestoresIntoAnEmptyFolderAndNoOther) {
  const std::string bytes = write();
  fs::create_directory(place());
  dir_.write("restored/file", "mine");
  EXPECT_EQ(restore(bytes).error().code, Errc::conflict);
  EXPECT_EQ(test::read_text(place() + "/file"), "mine");
  fs::remove(place() + "/file");
  EXPECT_TRUE(restore(bytes));
  EXPECT_EQ(restore(bytes).error().code, Errc::conflict);
  EXPECT_TRUE(StoreDir::open(place()));
}

TEST_F(Backup, WhatACrashLeftBesideItIsRemoved) {
  fs::create_directories(place() + ".restoring/certs/x/gen/000001");
  ASSERT_EQ(::chmod((place() + ".restoring/certs/x/gen/000001").c_str(), 0500), 0);
  ASSERT_TRUE(restore(write()));
  EXPECT_FALSE(fs::exists(place() + ".restoring"));
  EXPECT_EQ(tree_of(place()), tree_of(lab_.root()));
}

TEST_F(Backup, AWrongPassphraseLeavesNothing) {
  const auto done = restore(write(), "wrong");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::invalid);
  EXPECT_THAT(done.error().message, HasSubstr("the passphrase is another"));
  expect_nothing_left();
}

TEST_F(Backup, CutOffAnywhereItLeavesNothing) {
  const std::string bytes = write();
  for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 30) {
    const auto done = restore(bytes.substr(0, size));
    ASSERT_FALSE(done) << size;
    EXPECT_EQ(done.error().code, Errc::invalid) << size;
    EXPECT_THAT(done.error().message,
                AnyOf(HasSubstr("cut off"), HasSubstr("does not begin as a backup")));
    expect_nothing_left();
  }
  EXPECT_EQ(restore(bytes + "x").error().message, "something follows its end");
  expect_nothing_left();
}

TEST_F(Backup, ChangedAnywhereItLeavesNothing) {
  const std::string bytes = write();
  for (std::size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 45) {
    std::string bad = bytes;
    bad[at] = static_cast<char>(bad[at] ^ 0x04);
    const auto done = restore(bad);
    ASSERT_FALSE(done) << at;
    EXPECT_EQ(done.error().code, Errc::invalid) << at;
    expect_nothing_left();
  }
}

// What is in it is good, but no store would have it.
TEST_F(Backup, OfAStoreWithADamagedGenerationItLeavesNothing) {
  fs::remove(lab_.path("gateway/certs/+.example.test/gen/000001/meta.json"));
  const auto done = restore(write());
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("what is in the backup"));
  expect_nothing_left();
}

TEST_F(Backup, WhatNoStoreHasIsNotWritten) {
  ASSERT_TRUE(base::replace_file(lab_.path("ca/open"), "x", 0666));
  const base::OwnedFd fd = open_file(dir_.path("backup"), O_WRONLY | O_CREAT | O_TRUNC);
  EXPECT_THAT(write_backup(lab_.store, kSecret, fd.get(), kCheap).error().message,
              HasSubstr("\"ca/open\" would be open to others"));
  fs::remove(lab_.path("ca/open"));
  fs::create_symlink("/etc/passwd", lab_.path("ca/link"));
  EXPECT_THAT(write_backup(lab_.store, kSecret, fd.get(), kCheap).error().message,
              HasSubstr("no generation"));
}

TEST_F(Backup, LargerThanAFrameItIsTheSame) {
  std::string large;
  for (int i = 0; i < 40'000; ++i)
    large += fmt::format("{} ", i);
  ASSERT_TRUE(base::replace_file(lab_.path("ca/large"), large, 0600));
  ASSERT_TRUE(restore(write()));
  EXPECT_EQ(test::read_text(place() + "/ca/large"), large);
}

}  // namespace
}  // namespace ravelin::certs
