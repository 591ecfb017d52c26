// A socket may go at any moment of its wait, also between an edge and the turn of its operation.
#include "base/check.h"
#include "gateway/net/connect.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>

namespace ravelin::gateway {
namespace {

struct EndPair {
  int ours = -1;
  int theirs = -1;

  EndPair() {
    int fds[2];
    CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    ours = fds[0];
    theirs = fds[1];
  }
};

struct Callback : Waiter {
  explicit Callback(std::function<void()> call)
      : Waiter([](Waiter& self) { static_cast<Callback&>(self).then(); }), then(std::move(call)) {}

  std::function<void()> then;
};

void poll(Reactor& reactor) {
  for (int i = 0; i < 5; ++i) {
    reactor.io().restart();
    reactor.io().poll();
  }
}

// Fills the peer's buffer, so that the socket waits for writing too.
void fill(Socket& socket) {
  const std::string bytes(64 * 1024, 'x');
  while (socket.send(bytes).status == IoStatus::ok) {
  }
}

TEST(SocketEnd, OneDirectionMayEndASocketWhoseOtherHasHadItsEdge) {
  Reactor reactor;
  const EndPair pair;
  auto socket = std::make_unique<Socket>(reactor, pair.ours);
  int fired = 0;
  bool ends = false;
  const auto react = [&] {
    ++fired;
    if (ends) socket.reset();
  };
  Callback reader(react);
  Callback writer(react);
  fill(*socket);
  ends = true;
  socket->watch_readable(reader);
  socket->watch_writable(writer);
  poll(reactor);
  ASSERT_EQ(fired, 0);
  ::close(pair.theirs);  // both directions get their edge in one event
  poll(reactor);
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(socket, nullptr);
}

TEST(SocketEdge, TheFirstWaitInTheTurnOfTheSocketsBirthIsForAnEdge) {
  Reactor reactor;
  const EndPair pair;
  Socket socket(reactor, pair.ours);
  int fired = 0;
  Callback reader([&] { ++fired; });
  socket.watch_readable(reader);
  poll(reactor);
  EXPECT_EQ(fired, 0);
  EXPECT_EQ(::send(pair.theirs, "x", 1, 0), 1);
  poll(reactor);
  EXPECT_EQ(fired, 1);
  ::close(pair.theirs);
}

TEST(SocketEdge, AnEdgeBeforeTheFirstWaitIsNotMissed) {
  Reactor reactor;
  const EndPair pair;
  Socket socket(reactor, pair.ours);
  EXPECT_EQ(::send(pair.theirs, "x", 1, 0), 1);
  poll(reactor);  // the edge comes while nobody waits
  int fired = 0;
  Callback reader([&] { ++fired; });
  reactor.post([&] { socket.watch_readable(reader); });
  poll(reactor);
  EXPECT_EQ(fired, 1);
  ::close(pair.theirs);
}

TEST(SocketEnd, ASocketMayGoBeforeTheReactorRuns) {
  Reactor reactor;
  const EndPair pair;
  int fired = 0;
  {
    Socket socket(reactor, pair.ours);
    Callback reader([&] { ++fired; });
    socket.watch_readable(reader);
  }
  poll(reactor);
  EXPECT_EQ(fired, 0);
  ::close(pair.theirs);
}

TEST(SocketEnd, TheReactorMayGoWithOperationsOfGoneSockets) {
  const EndPair pair;
  {
    Reactor reactor;
    Socket socket(reactor, pair.ours);
    Callback reader([] {});
    socket.watch_readable(reader);
  }
  EXPECT_EQ(::send(pair.theirs, "x", 1, MSG_NOSIGNAL), -1);
  ::close(pair.theirs);
}

TEST(SocketEnd, AConnectInProgressDoesNotLookDone) {
  Reactor reactor;
  // A backlog of one that is full: further connects stay in progress.
  auto listener =
      open_listener(*base::parse_endpoint("127.0.0.1:0", base::PortZero::allowed), ReusePort::no);
  ASSERT_TRUE(listener.has_value());
  ASSERT_EQ(::listen(listener->get(), 0), 0);
  const auto address =
      to_socket_address(std::get<base::IpEndpoint>(*local_endpoint(listener->get())));
  std::vector<OwnedFd> fillers;
  fillers.reserve(4);
  for (int i = 0; i < 4; ++i)
    fillers.push_back(std::move(*start_connect(address, ConnectAs::usual)));
  auto fd = start_connect(address, ConnectAs::usual);
  ASSERT_TRUE(fd.has_value());
  Socket socket(reactor, fd->release());
  socket.set_writable(false);
  int fired = 0;
  Callback writer([&] { ++fired; });
  socket.watch_writable(writer);
  poll(reactor);
  EXPECT_EQ(fired, 0);
}

}  // namespace
}  // namespace ravelin::gateway
