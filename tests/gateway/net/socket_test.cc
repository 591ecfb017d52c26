#include "gateway/net/socket.h"

#include "base/io/task_group.h"
#include "gateway/net/listener.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;

struct Pair {
  int ours = -1;
  int theirs = -1;

  Pair() {
    int fds[2];
    CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    ours = fds[0];
    theirs = fds[1];
  }
};

// Runs the reactor until `done`, at most five seconds.
template <class Done>
void run_until(Reactor& reactor, Done done) {
  const auto end = std::chrono::steady_clock::now() + 5s;
  while (!done() && std::chrono::steady_clock::now() < end) {
    reactor.io().restart();
    reactor.io().run_one_for(5ms);
    reactor.timers().advance(reactor.refresh_now());
  }
}

base::Task<void> read_all(Socket& socket, std::string& got, bool& closed) {
  std::array<char, 64> buffer;
  for (;;) {
    const IoResult result = socket.receive(buffer);
    if (result.status == IoStatus::ok) {
      got.append(buffer.data(), result.bytes);
      continue;
    }
    if (result.status != IoStatus::would_block) break;
    const Wake wake = co_await socket.readable(kNever);
    EXPECT_EQ(wake, Wake::ready);
  }
  closed = true;
}

TEST(Socket, ReadsWhatComesInAnyNumberOfPiecesUntilTheEnd) {
  Reactor reactor;
  const Pair pair;
  Socket socket(reactor, pair.ours);
  base::TaskGroup tasks;
  std::string got;
  bool closed = false;
  tasks.spawn(read_all(socket, got, closed));
  std::thread writer([&] {
    for (int i = 0; i < 200; ++i)
      EXPECT_EQ(::send(pair.theirs, "0123456789", 10, 0), 10);
    ::close(pair.theirs);
  });
  run_until(reactor, [&] { return closed; });
  writer.join();
  EXPECT_EQ(got.size(), 2000U);
}

base::Task<void> wait_once(Socket& socket, base::MonoTime deadline, Wake& wake, bool& done) {
  socket.set_ready(false);
  wake = co_await socket.readable(deadline);
  done = true;
}

TEST(Socket, AWaitEndsAtItsDeadline) {
  Reactor reactor;
  const Pair pair;
  Socket socket(reactor, pair.ours);
  // A fresh descriptor reports one edge: take it first.
  base::TaskGroup tasks;
  Wake wake = Wake::ready;
  bool done = false;
  tasks.spawn(wait_once(socket, reactor.now() + 60ms, wake, done));
  run_until(reactor, [&] { return done; });
  if (wake == Wake::ready) {
    done = false;
    tasks.spawn(wait_once(socket, reactor.now() + 60ms, wake, done));
    run_until(reactor, [&] { return done; });
  }
  EXPECT_EQ(wake, Wake::deadline);
  ::close(pair.theirs);
}

base::Task<void> wait_either(Socket& a, Socket& b, bool& done) {
  a.set_ready(false);
  b.set_ready(false);
  std::array<char, 16> buffer;
  for (;;) {
    const Wake wake = co_await Socket::either_readable(a, b, kNever);
    EXPECT_EQ(wake, Wake::ready);
    if (b.receive(buffer).status == IoStatus::ok) break;
    if (a.receive(buffer).status == IoStatus::ok) break;
  }
  done = true;
}

TEST(Socket, OneCoroutineWaitsForEitherOfTwo) {
  Reactor reactor;
  const Pair first;
  const Pair second;
  Socket a(reactor, first.ours);
  Socket b(reactor, second.ours);
  base::TaskGroup tasks;
  bool done = false;
  tasks.spawn(wait_either(a, b, done));
  EXPECT_EQ(::send(second.theirs, "x", 1, 0), 1);
  run_until(reactor, [&] { return done; });
  EXPECT_TRUE(done);
  ::close(first.theirs);
  ::close(second.theirs);
}

TEST(Socket, ClosingWithAStandingWatchFiresNothing) {
  Reactor reactor;
  const Pair pair;
  int fired = 0;

  struct Counting : Waiter {
    explicit Counting(int& fired_count)
        : Waiter([](Waiter& self) { ++static_cast<Counting&>(self).count; }), count(fired_count) {}

    int& count;
  } waiter(fired);

  {
    Socket socket(reactor, pair.ours);
    socket.watch_readable(waiter);
    waiter.cancel();
    socket.close();
  }
  EXPECT_EQ(::send(pair.theirs, "x", 1, MSG_NOSIGNAL), -1);
  for (int i = 0; i < 10; ++i) {
    reactor.io().restart();
    reactor.io().poll();
  }
  EXPECT_EQ(fired, 0);
  ::close(pair.theirs);
}

// ---- one listening socket, several reactors ----

// Counts on several threads.
class Count {
 public:
  void add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }

  // False: not within five seconds.
  bool reaches(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 5s, [&] { return count_ >= count; });
  }

  int get() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

// A thread that sleeps on the socket until its reactor is stopped, and counts how often it woke.
class Sleeper {
 public:
  enum class Sharing : unsigned char { wake_one, wake_all };

  Sleeper(int listener, Sharing sharing, Count& woken)
      : woken_(woken), socket_(reactor_, ::fcntl(listener, F_DUPFD_CLOEXEC, 0)) {
    if (sharing == Sharing::wake_one) socket_.wake_one();
    tasks_.spawn(count());
    thread_ = std::thread([this] { reactor_.run(); });
  }

  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;

  ~Sleeper() {
    reactor_.post([this] { waiting_->fire(Wake::aborted); });
    reactor_.post([this] { reactor_.stop(); });
    thread_.join();
  }

 private:
  base::Task<void> count() {
    for (;;) {
      socket_.set_ready(false);
      Socket::Awaiter wait = socket_.readable(kNever);
      waiting_ = &wait;
      const Wake wake = co_await wait;
      if (wake != Wake::ready) break;
      woken_.add();  // and leaves the connection to queue, or the kernel would let others sleep on
    }
  }

  Count& woken_;
  Reactor reactor_;
  Socket socket_;
  base::TaskGroup tasks_;
  Waiter* waiting_ = nullptr;
  std::thread thread_;
};

constexpr int kSleepers = 4;
constexpr int kConnections = 20;

// How often the sleepers were woken in all by connections that come one after the other, each when
// the one before has woken as many as it must.
int wakes(Sleeper::Sharing sharing) {
  auto listener =
      open_listener(*base::parse_endpoint("127.0.0.1:0", base::PortZero::allowed), ReusePort::no);
  CHECK(listener.has_value());
  const auto where = local_endpoint(listener->get());
  CHECK(where.has_value());
  const SocketAddress address = to_socket_address(std::get<base::IpEndpoint>(*where));
  Count woken;
  std::vector<std::unique_ptr<Sleeper>> sleepers;
  for (int i = 0; i < kSleepers; ++i)
    sleepers.push_back(std::make_unique<Sleeper>(listener->get(), sharing, woken));
  const int each = sharing == Sleeper::Sharing::wake_all ? kSleepers : 1;
  for (int i = 1; i <= kConnections; ++i) {
    const OwnedFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    CHECK(::connect(client.get(), address.get(), address.length) == 0);
    EXPECT_TRUE(woken.reaches(i * each));
  }
  sleepers.clear();
  return woken.get();
}

// One that is about to sleep again counts as asleep for the kernel only a little later: then two
// may be woken.
TEST(Socket, SharedListenerWakesOneSleeperForAConnection) {
  EXPECT_GE(wakes(Sleeper::Sharing::wake_all), kConnections * kSleepers);
  EXPECT_LE(wakes(Sleeper::Sharing::wake_one), kConnections * (kSleepers - 1));
}

}  // namespace
}  // namespace ravelin::gateway
