#include "gateway/discovery/file_source.h"

#include "base/check.h"
#include "base/io/log.h"
#include "tests/support/test_certs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ServersFile : public ::testing::Test {
 public:
  ~ServersFile() override { base::stop_log(); }

 protected:
  ServersFile() { CHECK(base::start_log({.path = directory_.path("log")}).has_value()); }

  [[nodiscard]] PoolConfig pool() const {
    PoolConfig config;
    config.name = "web";
    config.discover.emplace().file.emplace().path = directory_.path("servers.yaml");
    return config;
  }

  void write(const std::string& text) { directory_.write("servers.yaml", text); }

  // Something happened, and time went by.
  bool read(FileSource& source) {
    source.on_event(now_);
    now_ = now_ + 1s;
    return source.tick(now_);
  }

  static std::vector<std::string> names(const FileSource& source) {
    std::vector<std::string> all;
    for (const ServerConfig& server : source.servers())
      all.push_back(server.name);
    return all;
  }

  int logged(std::string_view part) {
    base::stop_log();
    std::ifstream file(directory_.path("log"));
    int count = 0;
    for (std::string line; std::getline(file, line);)
      if (line.find(part) != std::string::npos) ++count;
    return count;
  }

  test::TempDir directory_;
  base::MonoTime now_{100s};
};

constexpr const char* kTwo =
    "servers:\n  - { name: a, address: \"10.0.0.1:80\", weight: 3 }\n  - address: "
    "\"10.0.0.2:80\"\n";

TEST_F(ServersFile, IsReadAtOnceAndFollowed) {
  write(kTwo);
  FileSource source(pool(), now_);
  EXPECT_THAT(names(source), ElementsAre("a", "10.0.0.2:80"));
  EXPECT_EQ(source.servers()[0].weight, 3);
  write("servers: [{ address: \"10.0.0.3:80\" }]");
  EXPECT_TRUE(read(source));
  EXPECT_THAT(names(source), ElementsAre("10.0.0.3:80"));
  write("servers: []");
  EXPECT_TRUE(read(source));
  EXPECT_THAT(names(source), IsEmpty());
}

TEST_F(ServersFile, WrittenAnewWithTheSameServersIsNoChange) {
  write(kTwo);
  FileSource source(pool(), now_);
  write(std::string("# moved a line down\n") + kTwo);
  EXPECT_FALSE(read(source));
}

TEST_F(ServersFile, IsLeftAloneWhileItIsBeingWritten) {
  write(kTwo);
  FileSource source(pool(), now_);
  source.on_event(now_);
  EXPECT_FALSE(source.is_due(now_ + 150ms));
  source.on_event(now_ + 150ms);
  EXPECT_FALSE(source.is_due(now_ + 300ms));
  EXPECT_TRUE(source.is_due(now_ + 350ms));
  for (auto later = 0ms; later < 6s; later += 100ms)
    source.on_event(now_ + later);
  EXPECT_TRUE(source.is_due(now_ + 6s));  // but not for ever
}

TEST_F(ServersFile, IsLookedAtWhereNoEventComes) {
  write(kTwo);
  FileSource source(pool(), now_);
  directory_.replace("servers.yaml", "servers: [{ address: \"10.0.0.3:80\" }]");
  EXPECT_FALSE(source.tick(now_ + 1s));
  EXPECT_FALSE(source.tick(now_ + 5s));  // seen, and given time to settle
  EXPECT_TRUE(source.tick(now_ + 6s));
}

TEST_F(ServersFile, ThatIsMissingIsAnEmptyListUntilItComes) {
  FileSource source(pool(), now_);
  EXPECT_THAT(source.servers(), IsEmpty());
  EXPECT_THAT(source.broken_because(), HasSubstr("servers.yaml"));
  write(kTwo);
  EXPECT_TRUE(read(source));
  EXPECT_THAT(source.broken_because(), IsEmpty());
  EXPECT_EQ(logged("the pool is without them"), 1);
}

struct BrokenFile {
  const char* name;
  const char* text;
  const char* because;
};

constexpr BrokenFile kBrokenFiles[] = {
    {"Emptied", "", ":1:1: \"servers\" is missing"},
    {"HalfWritten", "servers:\n  - { name: a, addr", ":2:"},
    {"OnlyAKey", "servers:\n", "servers"},
    {"Garbage",
     "\x7f"
     "ELF\x02\x01",
     ":1:"},
    {"BadAddress", "servers:\n  - address: nowhere\n", ":2:14: servers[0].address: \"nowhere\""},
    {"UnknownKey", "servers: []\nmore: 1\n", ":2:1: unknown key \"more\""},
    {"NameTwice",
     "servers:\n  - { name: a, address: \"10.0.0.1:80\" }\n  - { name: a, address: \"10.0.0.2:80\" "
     "}\n",
     ":3:5: servers[1]: server \"a\" is already in this file at "},
    {"AddressTwice",
     "servers:\n  - { address: \"10.0.0.1:80\" }\n  - { name: b, address: \"10.0.0.1:80\" }\n",
     ":3:5: servers[1]: has the address of server \"10.0.0.1:80\""},
    {"AgentWithoutOne", "servers: [{ address: \"10.0.0.1:80\", agent_port: 1 }]",
     "the pool has no \"agent\""},
    {"UnixTlsWithoutName", "servers: [{ address: \"unix:/run/a\", tls: {} }]", "needs \"name\""},
};

TEST_F(ServersFile, ThatIsBrokenLeavesTheLastGoodListAndSaysWhyOnce) {
  for (const BrokenFile& row : kBrokenFiles) {
    write(kTwo);
    FileSource source(pool(), now_);
    write(row.text);
    EXPECT_FALSE(read(source)) << row.name;
    EXPECT_FALSE(read(source)) << row.name;
    EXPECT_THAT(names(source), ElementsAre("a", "10.0.0.2:80")) << row.name;
    EXPECT_THAT(source.broken_because(), HasSubstr(row.because)) << row.name;
    write(kTwo);
    EXPECT_FALSE(read(source)) << row.name;
    EXPECT_THAT(source.broken_because(), IsEmpty()) << row.name;
  }
  const int broken = logged("the last good list stays");
  EXPECT_EQ(broken, static_cast<int>(std::size(kBrokenFiles)));
  EXPECT_EQ(logged("is good again"), broken);
}

TEST_F(ServersFile, ThatIsGoneLeavesTheLastGoodList) {
  write(kTwo);
  FileSource source(pool(), now_);
  ASSERT_EQ(::unlink(directory_.path("servers.yaml").c_str()), 0);
  EXPECT_FALSE(read(source));
  EXPECT_EQ(source.servers().size(), 2U);
}

// A reload that changes what the pool wants of its file, while that is being written.
TEST_F(ServersFile, ThatIsBrokenWhenItsPoolChangesLeavesTheLastGoodListAsThePoolTakesItNow) {
  write(kTwo);
  const FileSource before(pool(), now_);
  write("servers:\n  - { name: a, addr");
  PoolConfig changed = pool();
  changed.proxy_protocol.version = ProxyVersion::v2;
  const FileSource after(changed, now_, &before);
  EXPECT_THAT(names(after), ElementsAre("a", "10.0.0.2:80"));
  EXPECT_EQ(after.servers()[0].proxy_protocol.version, ProxyVersion::v2);
  EXPECT_THAT(after.broken_because(), HasSubstr(":2:"));
  const FileSource once_more(pool(), now_, &after);
  EXPECT_THAT(names(once_more), ElementsAre("a", "10.0.0.2:80"));
  EXPECT_EQ(logged("the last good list stays"), 2);
}

TEST_F(ServersFile, WhatAPoolDoesNotTakeAnyMoreIsNotInherited) {
  write("servers: [{ address: \"10.0.0.1:80\", agent_port: 1 }]");
  PoolConfig asks = pool();
  asks.agent.emplace();
  const FileSource before(asks, now_);
  ASSERT_THAT(names(before), ElementsAre("10.0.0.1:80"));
  write("servers:");
  EXPECT_THAT(names(FileSource(asks, now_, &before)), ElementsAre("10.0.0.1:80"));
  EXPECT_THAT(names(FileSource(pool(), now_, &before)), IsEmpty());
  asks.discover->file->path = directory_.path("others.yaml");
  EXPECT_THAT(names(FileSource(asks, now_, &before)), IsEmpty());
}

TEST_F(ServersFile, ThatIsTooLargeLeavesTheLastGoodList) {
  write(kTwo);
  FileSource source(pool(), now_);
  write(kTwo + std::string(2 * 1024 * 1024, '#'));
  EXPECT_FALSE(read(source));
  EXPECT_EQ(source.servers().size(), 2U);
  EXPECT_THAT(source.broken_because(), HasSubstr("is larger than"));
}

TEST_F(ServersFile, PathsStartBesideItAndServersSpeakAsTheirPool) {
  PoolConfig config = pool();
  config.proxy_protocol.version = ProxyVersion::v1;
  write("servers: [{ address: \"10.0.0.1:443\", tls: { ca: ca.pem } }]");
  const FileSource source(config, now_);
  ASSERT_EQ(source.servers().size(), 1U);
  EXPECT_EQ(source.servers()[0].tls->ca, directory_.path("ca.pem"));
  EXPECT_EQ(source.servers()[0].proxy_protocol.version, ProxyVersion::v1);
  EXPECT_TRUE(source.serves(config));
  EXPECT_FALSE(source.serves(pool()));
}

}  // namespace
}  // namespace ravelin::gateway
