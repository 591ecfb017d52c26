// A feed's file: plain and packed, whole and broken.
#include "firewall/feed/load.h"

#include "base/io/file.h"
#include "tests/firewall/feed/show.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>

#include <filesystem>

namespace ravelin::firewall::feed {
namespace {

std::string packed(std::string_view text) {
  z_stream zlib{};
  EXPECT_EQ(deflateInit2(&zlib, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&zlib, text.size()), '\0');
  std::string in(text);
  zlib.next_in = reinterpret_cast<Bytef*>(in.data());
  zlib.avail_in = static_cast<uInt>(in.size());
  zlib.next_out = reinterpret_cast<Bytef*>(out.data());
  zlib.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&zlib, Z_FINISH), Z_STREAM_END);
  out.resize(zlib.total_out);
  deflateEnd(&zlib);
  return out;
}

std::string hosts(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256) + "\n";
  return text;
}

class FeedLoad : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) /
              (std::string("feed_") + test->name() + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }

  void TearDown() override { std::filesystem::remove_all(folder_); }

  // What load says of a file with this content; its folder left out of messages.
  std::string load(const std::string& name, std::string_view content, std::uint64_t before = 0,
                   const FeedLimits& limits = {}) {
    policies::Feed feed;
    feed.file = (folder_ / name).string();
    EXPECT_TRUE(base::replace_file(feed.file, content, 0600));
    return message(load_feed(feed, before, limits));
  }

  std::string message(const base::Result<FeedContents>& contents) {
    std::string text = contents ? std::to_string(contents->entries()) + " entries"
                                : base::to_string(contents.error());
    const std::string folder = folder_.string() + "/";
    if (const auto at = text.find(folder); at != std::string::npos) text.erase(at, folder.size());
    return text;
  }

  std::filesystem::path folder_;
};

TEST_F(FeedLoad, ReadsTextAndGzip) {
  EXPECT_EQ(load("a.txt", hosts(20000)), "20000 entries");
  EXPECT_EQ(load("a.gz", packed(hosts(20000))), "20000 entries");
}

TEST_F(FeedLoad, RefusesWhatIsNoFileAtOnce) {
  policies::Feed feed;
  feed.file = (folder_ / "fifo").string();
  ASSERT_EQ(::mkfifo(feed.file.c_str(), 0600), 0);
  EXPECT_EQ(message(load_feed(feed, 0, {})), "fifo: is not a file");
  feed.file = (folder_ / "folder").string();
  std::filesystem::create_directory(feed.file);
  EXPECT_EQ(message(load_feed(feed, 0, {})), "folder: is not a file");
}

TEST_F(FeedLoad, ReadsMembersThatFollowOneAnother) {
  const std::string text = hosts(1000);
  const std::string two = packed(text.substr(0, 5000)) + packed(text.substr(5000));
  EXPECT_EQ(load("a.gz", two), "1000 entries");
  EXPECT_EQ(load("a.gz", two + std::string(512, '\0')), "1000 entries");
}

TEST_F(FeedLoad, RefusesGzipThatBreaksOffOrIsDamaged) {
  const std::string whole = packed(hosts(20000));
  for (const std::size_t bytes : {std::size_t{5}, whole.size() / 2, whole.size() - 1})
    EXPECT_EQ(load("a.gz", whole.substr(0, bytes)), "a.gz: breaks off: the gzip data has no end");
  EXPECT_EQ(load("a.gz", ""), "a.gz: breaks off: the gzip data has no end");
  EXPECT_EQ(load("a.gz", hosts(5)), "a.gz: is not gzip, or damaged");
  EXPECT_EQ(load("a.gz", whole + "x"), "a.gz: breaks off: the gzip data has no end");
  EXPECT_EQ(load("a.gz", whole + "more text"), "a.gz: is not gzip, or damaged");
  std::string damaged = whole;
  damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 1);  // its checksum
  EXPECT_EQ(load("a.gz", damaged), "a.gz: is not gzip, or damaged");
}

TEST_F(FeedLoad, RefusesMoreThanItsLimits) {
  FeedLimits limits;
  limits.unpacked_bytes_max = 100'000;
  EXPECT_EQ(load("a.gz", packed(std::string(200'000, '\n')), 0, limits),
            "a.gz: unpacks to more than 100000 bytes");
  limits.file_bytes_max = 1000;
  EXPECT_EQ(load("a.txt", hosts(500), 0, limits), "a.txt: is larger than 1000 bytes");
}

TEST_F(FeedLoad, SaysFileAndLine) {
  EXPECT_EQ(load("a.txt", "10.0.0.1\nx\n"),
            "a.txt:2:1: neither an address, a prefix nor a range, like 1 of 2 lines (at most 1 in "
            "100 may be)");
  EXPECT_EQ(load("a.gz", packed(std::string(5000, 'x'))),
            "a.gz:1:1: a line of more than 4096 bytes: this is not a list of addresses");
  EXPECT_EQ(load("a.txt", "", 5), "a.txt: holds no address, and did before");
  EXPECT_EQ(load("a.txt", "", 0), "0 entries");
}

TEST_F(FeedLoad, RefusesWhatIsNoFile) {
  policies::Feed feed;
  feed.file = (folder_ / "none.txt").string();
  EXPECT_EQ(message(load_feed(feed, 0)), "none.txt: no such file or directory");
  feed.file = folder_.string();
  EXPECT_EQ(base::to_string(load_feed(feed, 0).error()), folder_.string() + ": is not a file");
}

}  // namespace
}  // namespace ravelin::firewall::feed
