#include "gateway/admin/peer_credentials.h"

#include "gateway/net/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ravelin::gateway {
namespace {

constexpr uid_t kOwn = 990;
constexpr gid_t kAdmin = 991;

struct CredentialsCase {
  const char* name;
  PeerCredentials peer;
  std::optional<gid_t> admin_group;
  bool may;
};

const CredentialsCase kCases[] = {
    {"Root", {0, 0, 1, {}}, kAdmin, true},
    {"RootWithoutTheGroupThere", {0, 0, 1, {}}, std::nullopt, true},
    {"OwnUser", {kOwn, 5, 1, {}}, std::nullopt, true},
    {"PrimaryGroup", {1000, kAdmin, 1, {}}, kAdmin, true},
    {"SupplementaryGroup", {1000, 1000, 1, {4, 27, kAdmin}}, kAdmin, true},
    {"OtherUser", {1000, 1000, 1, {4, 27}}, kAdmin, false},
    {"NoSuchGroup", {1000, kAdmin, 1, {kAdmin}}, std::nullopt, false},
    {"RootsGroupIsNotRoot", {1000, 0, 1, {0}}, kAdmin, false},
    {"OwnUidAsGroup", {1000, kOwn, 1, {kOwn}}, kAdmin, false},
};

class Credentials : public ::testing::TestWithParam<CredentialsCase> {};

TEST_P(Credentials, DecideWhoAdministers) {
  const CredentialsCase& row = GetParam();
  EXPECT_EQ(may_administer(row.peer, kOwn, row.admin_group), row.may);
}

INSTANTIATE_TEST_SUITE_P(All, Credentials, ::testing::ValuesIn(kCases),
                         [](const auto& test) { return test.param.name; });

TEST(PeerCredentials, AreTheKernelsWord) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const OwnedFd one(ends[0]);
  const OwnedFd other(ends[1]);
  const auto peer = read_peer_credentials(one.get());
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->uid, ::geteuid());
  EXPECT_EQ(peer->gid, ::getegid());
  EXPECT_EQ(peer->pid, ::getpid());
  std::vector<gid_t> groups(static_cast<std::size_t>(::getgroups(0, nullptr)));
  ASSERT_EQ(::getgroups(static_cast<int>(groups.size()), groups.data()),
            static_cast<int>(groups.size()));
  EXPECT_THAT(peer->groups, ::testing::UnorderedElementsAreArray(groups));
}

TEST(PeerCredentials, OfNoSocketAreAnError) {
  const auto peer = read_peer_credentials(-1);
  ASSERT_FALSE(peer);
  EXPECT_EQ(peer.error().message, "reading peer credentials: bad file descriptor");
}

}  // namespace
}  // namespace ravelin::gateway
