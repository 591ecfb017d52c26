#include "gateway/net/connect.h"
#include "gateway/net/socket_source.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <filesystem>

namespace ravelin::gateway {
namespace {

TEST(Listener, WorkersShareAPortThatTheFirstOneGot) {
  auto first =
      open_listener(*base::parse_endpoint("127.0.0.1:0", base::PortZero::allowed), ReusePort::yes);
  ASSERT_TRUE(first);
  const auto local = local_endpoint(first->get());
  ASSERT_TRUE(local);
  EXPECT_TRUE(open_listener(*local, ReusePort::yes));
  const auto stranger = open_listener(*local, ReusePort::no);
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().message,
            "listening on " + base::to_string(*local) + ": address already in use");
}

TEST(Listener, IsAloneAtFirstAndThenJoined) {
  const auto first = open_listener(*base::parse_endpoint("127.0.0.1:0", base::PortZero::allowed),
                                   ReusePort::once_alone);
  ASSERT_TRUE(first);
  const auto local = local_endpoint(first->get());
  ASSERT_TRUE(local);
  EXPECT_TRUE(open_listener(*local, ReusePort::yes));
  const auto stranger = open_listener(*local, ReusePort::once_alone);
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().message,
            "listening on " + base::to_string(*local) + ": address already in use");
}

TEST(OwnSockets, ShareAnAddressAmongThemselvesAndWithNobodyElse) {
  const auto any = base::parse_endpoint("127.0.0.1:0", base::PortZero::allowed);
  OwnSockets own;
  const auto sockets = own.open({"a", *any}, 3);
  ASSERT_TRUE(sockets) << sockets.error().message;
  ASSERT_EQ(sockets->size(), 3U);
  const base::Endpoint local = *local_endpoint(sockets->front().get());
  const std::uint16_t port = std::get<base::IpEndpoint>(local).port;
  const base::Endpoint wildcard = base::IpEndpoint{*base::parse_ip("0.0.0.0"), port};
  for (const base::Endpoint& endpoint : {local, wildcard}) {
    OwnSockets other;
    const auto refused = other.open({"b", endpoint}, 1);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message,
              "listening on " + base::to_string(endpoint) + ": address already in use");
    EXPECT_TRUE(own.open({"c", endpoint}, 2)) << base::to_string(endpoint);
  }
}

TEST(Listener, AcceptsWithTheClientsAddress) {
  auto listener =
      open_listener(*base::parse_endpoint("127.0.0.1:0", base::PortZero::allowed), ReusePort::yes);
  ASSERT_TRUE(listener);
  EXPECT_EQ(accept_one(listener->get()).error, EAGAIN);
  const auto local = local_endpoint(listener->get());
  auto client =
      start_connect(to_socket_address(std::get<base::IpEndpoint>(*local)), ConnectAs::usual);
  ASSERT_TRUE(client);
  const Accepted accepted = accept_one(listener->get());
  ASSERT_TRUE(accepted.fd.is_open());
  EXPECT_EQ(base::to_string(accepted.peer.address), "127.0.0.1");
  int no_delay = 0;
  socklen_t length = sizeof no_delay;
  ::getsockopt(accepted.fd.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &length);
  EXPECT_EQ(no_delay, 1);
}

TEST(Listener, ReplacesAStaleUnixSocketButNotALiveOne) {
  const std::string path =
      std::filesystem::temp_directory_path() / ("ravelin-" + std::to_string(::getpid()));
  const base::Endpoint endpoint(base::UnixEndpoint{path});
  {
    auto stale = open_listener(endpoint, ReusePort::no);
    ASSERT_TRUE(stale);
  }
  auto live = open_listener(endpoint, ReusePort::no);
  ASSERT_TRUE(live);
  EXPECT_FALSE(open_listener(endpoint, ReusePort::no));
  std::filesystem::remove(path);
}

TEST(SocketAddress, SurvivesTheWayToTheKernelAndBack) {
  for (const char* text : {"10.1.2.3:80", "[2001:db8::1]:443"}) {
    const auto endpoint = std::get<base::IpEndpoint>(*base::parse_endpoint(text));
    EXPECT_EQ(to_endpoint(to_socket_address(endpoint)), endpoint) << text;
  }
}

}  // namespace
}  // namespace ravelin::gateway
