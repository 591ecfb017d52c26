#include "system/supervise/kept_sockets.h"

#include "gateway/net/listener.h"
#include "tests/support/temp_dir.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace ravelin::system {
namespace {

using base::Errc;
using ::testing::HasSubstr;

// A port of the kernel's choice.
base::Endpoint loopback() {
  return base::IpEndpoint{*base::parse_ip("127.0.0.1"), 0};
}

bool exists(const std::string& path) {
  struct stat status {};

  return ::lstat(path.c_str(), &status) == 0;
}

TEST(KeptSockets, GivesTheSameSocketsAgain) {
  KeptSockets kept({});
  kept.allow({{"web", loopback()}});
  const auto first = kept.give({"web", 0, 3});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->size(), 3U);
  EXPECT_EQ(*kept.give({"web", 0, 3}), *first);
  EXPECT_EQ(kept.give({"web", 1, 1})->front(), (*first)[1]);
}

TEST(KeptSockets, HasTheRestForWhoAsksForFewer) {
  KeptSockets kept({});
  kept.allow({{"web", loopback()}});
  const auto all = kept.give({"web", 0, 4});
  ASSERT_TRUE(all);
  const auto rest = kept.give({"web", 1, 0});
  ASSERT_TRUE(rest);
  EXPECT_EQ(*rest, std::vector<int>(all->begin() + 1, all->end()));
  EXPECT_TRUE(kept.give({"web", 4, 0})->empty());
}

TEST(KeptSockets, HasAnEnd) {
  KeptSockets kept({});
  kept.allow({{"web", loopback()}});
  ASSERT_TRUE(kept.give({"web", 0, 1}));
  const auto more = kept.give({"web", 1024, 1});
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, Errc::denied);
  EXPECT_TRUE(kept.give({"web", 1, 0})->empty());
}

TEST(KeptSockets, SharesOnePortAmongAll) {
  KeptSockets kept({});
  kept.allow({{"web", loopback()}});
  const auto sockets = kept.give({"web", 0, 2});
  ASSERT_TRUE(sockets);
  EXPECT_EQ(base::to_string(*gateway::local_endpoint((*sockets)[0])),
            base::to_string(*gateway::local_endpoint((*sockets)[1])));
}

TEST(KeptSockets, RefusesAnAddressThatTheConfigurationDoesNotHave) {
  KeptSockets kept({});
  kept.allow({{"web", loopback()}});
  const auto sockets = kept.give({"other", 0, 1});
  ASSERT_FALSE(sockets);
  EXPECT_EQ(sockets.error().code, Errc::denied);
  EXPECT_THAT(sockets.error().message, HasSubstr("\"other\""));
}

TEST(KeptSockets, StaysWithWhatItGaveUntilThatIsReleased) {
  KeptSockets kept({});
  kept.allow({{"web", loopback()}});
  ASSERT_TRUE(kept.give({"web", 0, 1}));
  kept.allow({});
  EXPECT_TRUE(kept.give({"web", 0, 1}));
  kept.release("web");
  EXPECT_EQ(kept.give({"web", 0, 1}).error().code, Errc::denied);
}

TEST(KeptSockets, AnswersNoNewHandshakesOnWhatIsReleased) {
  const auto own = gateway::open_listener(loopback(), gateway::ReusePort::no);
  ASSERT_TRUE(own);
  ASSERT_TRUE(gateway::drop_new_handshakes(own->get()))
      << "run as root: this kernel lets nobody else hang a filter on a socket";
  KeptSockets kept({});
  kept.allow({{"web", loopback()}});
  const auto sockets = kept.give({"web", 0, 2});
  ASSERT_TRUE(sockets);
  std::vector<base::OwnedFd> of_gateway;
  for (const int fd : *sockets) {
    of_gateway.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    EXPECT_FALSE(gateway::is_given_up(of_gateway.back().get()));
  }
  kept.release("web");
  for (const base::OwnedFd& fd : of_gateway)
    EXPECT_TRUE(gateway::is_given_up(fd.get()));
}

TEST(KeptSockets, ReleasesAllThatAreNotAllowedAnyMore) {
  KeptSockets kept({});
  kept.allow({{"old", loopback()}, {"web", loopback()}});
  ASSERT_TRUE(kept.give({"old", 0, 1}));
  ASSERT_TRUE(kept.give({"web", 0, 1}));
  kept.allow({{"web", loopback()}});
  kept.release_others();
  EXPECT_FALSE(kept.give({"old", 0, 1}));
  EXPECT_TRUE(kept.give({"web", 0, 1}));
}

TEST(KeptSockets, HasOneSocketOfAUnixAddressAndRemovesItsFile) {
  const test::TempDir dir;
  const std::string path = dir.path("web.sock");
  KeptSockets kept({});
  kept.allow({{"web", base::UnixEndpoint{path}}});
  const auto given = kept.give({"web", 0, 4});
  ASSERT_TRUE(given);
  ASSERT_EQ(given->size(), 1U);
  const base::OwnedFd of_gateway(::fcntl(given->front(), F_DUPFD_CLOEXEC, 0));
  EXPECT_TRUE(exists(path));
  EXPECT_FALSE(gateway::is_given_up(of_gateway.get()));
  kept.release("web");
  EXPECT_FALSE(exists(path));
  EXPECT_TRUE(gateway::is_given_up(of_gateway.get()));
}

TEST(KeptSockets, KeepsOthersFromTheAdminSocket) {
  const test::TempDir dir;
  const std::string path = dir.path("admin.sock");
  {
    KeptSockets kept({});
    kept.allow({{gateway::kAdminSocketKey, base::UnixEndpoint{path}}});
    ASSERT_TRUE(kept.give({gateway::kAdminSocketKey, 0, 1}));

    struct stat status {};

    ASSERT_EQ(::lstat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0660U);
  }
  EXPECT_FALSE(exists(path));
}

TEST(KeptSockets, SaysWhatTheKernelSays) {
  KeptSockets first({});
  first.allow({{gateway::kAdminListenKey, loopback()}});
  const auto sockets = first.give({gateway::kAdminListenKey, 0, 1});
  ASSERT_TRUE(sockets);
  KeptSockets second({});
  second.allow({{gateway::kAdminListenKey, *gateway::local_endpoint(sockets->front())}});
  const auto taken = second.give({gateway::kAdminListenKey, 0, 1});
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message, HasSubstr("in use"));
}

}  // namespace
}  // namespace ravelin::system
