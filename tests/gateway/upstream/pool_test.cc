// The queue of a pool: who gets a place, who does not, and that none is lost or given twice.
#include "gateway/upstream/pool.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;

class Waiting : public QueuedRequest {
 public:
  void place_given() override { ++given; }

  int given = 0;
};

std::shared_ptr<Pool> make_pool(std::initializer_list<bool> backups, std::uint32_t places,
                                std::uint32_t queue_max = 100) {
  PoolConfig config;
  config.name = "web";
  config.queue.max = queue_max;
  std::vector<std::shared_ptr<Server>> servers;
  for (const bool backup : backups) {
    ServerConfig server;
    server.name = fmt::format("s{}", config.servers.size());
    server.address = base::IpEndpoint{};
    server.backup = backup;
    server.connections_max = places;
    config.servers.push_back(server);
    servers.push_back(std::make_shared<Server>("web", server));
    servers.back()->set_in_flight_max(places);
  }
  return std::make_shared<Pool>(std::move(config), std::move(servers));
}

TEST(Pool, WithoutServersHasNobodyInTurn) {
  const auto pool = make_pool({}, 1);
  Waiting waiting;
  EXPECT_TRUE(pool->enqueue(waiting));
  pool->servers_changed();
  EXPECT_EQ(waiting.given, 0);
  EXPECT_EQ(pool->dequeue(waiting), Pool::kNone);
  std::vector<ServerState> states;
  pool->read_states(states);
  EXPECT_TRUE(states.empty());
}

// Two generations of one pool with the same server.
class Generations : public ::testing::Test {
 protected:
  void SetUp() override { Pool::succeed(now_, before_); }

  std::shared_ptr<Pool> before_ = make_pool({false}, 1);
  std::shared_ptr<Pool> now_ = std::make_shared<Pool>(before_->config(), before_->servers());
  Waiting older_;
  Waiting newer_;
};

TEST_F(Generations, OfAPoolOfferAPlaceToThoseWhoWaitInTheOlderFirst) {
  ASSERT_TRUE(now_->servers()[0]->try_enter());  // a request of the new generation was quicker
  EXPECT_TRUE(now_->enqueue(newer_));
  EXPECT_TRUE(before_->enqueue(older_));
  now_->leave(0);
  EXPECT_EQ(older_.given, 1);
  EXPECT_EQ(newer_.given, 0);
  EXPECT_EQ(before_->dequeue(older_), 0U);
  before_->leave(0);
  EXPECT_EQ(newer_.given, 1);
  EXPECT_EQ(now_->dequeue(newer_), 0U);
  now_->leave(0);
  EXPECT_EQ(now_->servers()[0]->in_flight(), 0U);
}

TEST_F(Generations, OfAPoolHoldOneThatEnded) {
  ASSERT_TRUE(now_->servers()[0]->try_enter());
  EXPECT_TRUE(before_->enqueue(older_));
  EXPECT_EQ(before_->dequeue(older_), Pool::kNone);
  before_.reset();
  EXPECT_TRUE(now_->enqueue(newer_));
  const auto next = std::make_shared<Pool>(now_->config(), now_->servers());
  Pool::succeed(next, now_);
  next->leave(0);
  EXPECT_EQ(newer_.given, 1);
  EXPECT_EQ(now_->dequeue(newer_), 0U);
  now_->leave(0);
}

TEST(Pool, GivesAPlaceToTheLongestWaiting) {
  const auto pool = make_pool({false}, 1);
  ASSERT_TRUE(pool->servers()[0]->try_enter());
  Waiting first;
  Waiting second;
  EXPECT_TRUE(pool->enqueue(first));
  EXPECT_TRUE(pool->enqueue(second));
  EXPECT_EQ(pool->queued(), 2U);
  pool->leave(0);
  EXPECT_EQ(first.given, 1);
  EXPECT_EQ(second.given, 0);
  EXPECT_EQ(pool->queued(), 1U);
  EXPECT_EQ(pool->dequeue(first), 0U);
  EXPECT_FALSE(pool->servers()[0]->try_enter());  // it is taken: by the first
  pool->leave(0);
  EXPECT_EQ(second.given, 1);
  EXPECT_EQ(pool->dequeue(second), 0U);
  pool->leave(0);
  EXPECT_EQ(pool->servers()[0]->in_flight(), 0U);
}

TEST(Pool, WhoGivesUpLeavesItsTurnToTheNext) {
  const auto pool = make_pool({false}, 1);
  ASSERT_TRUE(pool->servers()[0]->try_enter());
  Waiting first;
  Waiting second;
  EXPECT_TRUE(pool->enqueue(first));
  EXPECT_TRUE(pool->enqueue(second));
  EXPECT_EQ(pool->dequeue(first), Pool::kNone);  // timed out
  pool->leave(0);
  EXPECT_EQ(first.given, 0);
  EXPECT_EQ(second.given, 1);
  EXPECT_EQ(pool->dequeue(second), 0U);
}

TEST(Pool, APlaceGivenJustBeforeTheTimeoutIsNotLost) {
  const auto pool = make_pool({false}, 1);
  ASSERT_TRUE(pool->servers()[0]->try_enter());
  Waiting late;
  EXPECT_TRUE(pool->enqueue(late));
  pool->leave(0);
  EXPECT_EQ(pool->dequeue(late), 0U);  // the caller has it now, and gives it back
  pool->leave(0);
  EXPECT_TRUE(pool->servers()[0]->try_enter());
}

TEST(Pool, RefusesWhenTheQueueIsFull) {
  const auto pool = make_pool({false}, 1, 2);
  ASSERT_TRUE(pool->servers()[0]->try_enter());
  Waiting waiting[3];
  EXPECT_TRUE(pool->enqueue(waiting[0]));
  EXPECT_TRUE(pool->enqueue(waiting[1]));
  EXPECT_FALSE(pool->enqueue(waiting[2]));
  EXPECT_EQ(pool->dequeue(waiting[2]), Pool::kNone);
  EXPECT_EQ(pool->dequeue(waiting[0]), Pool::kNone);
  EXPECT_TRUE(pool->enqueue(waiting[2]));
  EXPECT_EQ(pool->dequeue(waiting[1]), Pool::kNone);
  EXPECT_EQ(pool->dequeue(waiting[2]), Pool::kNone);
}

TEST(Pool, AQueueOfNoneRefusesAll) {
  const auto pool = make_pool({false}, 1, 0);
  Waiting waiting;
  EXPECT_FALSE(pool->enqueue(waiting));
}

TEST(Pool, APlaceFreedBeforeTheQueueWasJoinedIsFound) {
  const auto pool = make_pool({false}, 1);
  ASSERT_TRUE(pool->servers()[0]->try_enter());
  pool->leave(0);
  Waiting waiting;
  EXPECT_TRUE(pool->enqueue(waiting));
  EXPECT_EQ(waiting.given, 1);
  EXPECT_EQ(pool->dequeue(waiting), 0U);
}

TEST(Pool, BackupsTakeNothingWhileAPrimaryIsUp) {
  const auto pool = make_pool({false, true}, 1);
  ASSERT_TRUE(pool->servers()[0]->try_enter());
  Waiting waiting;
  EXPECT_TRUE(pool->enqueue(waiting));
  EXPECT_EQ(waiting.given, 0);
  Server& primary = *pool->servers()[0];
  primary.control().healthy = false;
  primary.publish();
  pool->servers_changed();
  EXPECT_EQ(waiting.given, 1);
  EXPECT_EQ(pool->dequeue(waiting), 1U);
}

TEST(Pool, UnusableAndWeightlessServersTakeNothing) {
  const auto pool = make_pool({false, false}, 1);
  pool->servers()[0]->control().admin = AdminState::drain;
  pool->servers()[0]->publish();
  pool->servers()[1]->control().weight_override = 0;
  pool->servers()[1]->publish();
  Waiting waiting;
  EXPECT_TRUE(pool->enqueue(waiting));
  EXPECT_EQ(waiting.given, 0);
  pool->servers()[1]->control().weight_override = 2;
  pool->servers()[1]->publish();
  const std::uint64_t before = pool->version();
  pool->servers_changed();
  EXPECT_GT(pool->version(), before);
  EXPECT_EQ(pool->dequeue(waiting), 1U);
}

// A request of its own thread: blocks until its place is given or the time is over.
class BlockingRequest : public QueuedRequest {
 public:
  void place_given() override {
    const std::lock_guard lock(mutex_);
    given_ = true;
    changed_.notify_one();
  }

  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 5s, [this] { return given_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool given_ = false;
};

TEST(Pool, OverThreadsTheLimitIsExactAndNobodyIsForgotten) {
  constexpr int kPlaces = 2;
  const auto pool = make_pool({false, false}, 1);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::atomic<int> served{0};
  std::atomic<int> starved{0};
  const auto request = [&] {
    std::size_t place = Pool::kNone;
    for (std::size_t i = 0; i < 2 && place == Pool::kNone; ++i) {
      if (pool->servers()[i]->try_enter()) place = i;
    }
    if (place == Pool::kNone) {
      BlockingRequest waiting;
      if (!pool->enqueue(waiting)) return;
      waiting.wait();
      place = pool->dequeue(waiting);
    }
    if (place == Pool::kNone) {
      starved.fetch_add(1);
      return;
    }
    const int now = inside.fetch_add(1) + 1;
    int before = most.load();
    while (before < now && !most.compare_exchange_weak(before, now)) {
    }
    std::this_thread::yield();
    inside.fetch_sub(1);
    served.fetch_add(1);
    pool->leave(place);
  };
  {
    std::vector<std::jthread> threads;
    threads.reserve(6);
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 500; ++round)
          request();
      });
    }
  }
  EXPECT_EQ(most.load(), kPlaces);
  EXPECT_EQ(starved.load(), 0);
  EXPECT_EQ(served.load(), 3000);
  EXPECT_EQ(pool->queued(), 0U);
  for (const auto& server : pool->servers())
    EXPECT_EQ(server->in_flight(), 0U);
}

TEST(Pool, TellsBalancersGroupsAndZones) {
  PoolConfig config;
  config.name = "web";
  std::vector<std::shared_ptr<Server>> servers;
  const auto add = [&](int priority, bool backup, const char* zone) {
    ServerConfig server;
    server.name = fmt::format("s{}", config.servers.size());
    server.address = base::IpEndpoint{};
    server.priority = priority;
    server.backup = backup;
    server.zone = zone;
    config.servers.push_back(server);
    servers.push_back(std::make_shared<Server>("web", server));
  };
  add(0, false, "a");
  add(3, false, "b");
  add(0, true, "");
  std::vector<ServerState> states;
  const Pool zoned(config, servers, "a");
  zoned.read_states(states);
  EXPECT_EQ(states[0].group, 0);
  EXPECT_EQ(states[1].group, 3);
  EXPECT_EQ(states[2].group, kBackupGroup);
  EXPECT_TRUE(states[0].is_local);
  EXPECT_FALSE(states[1].is_local);
  EXPECT_FALSE(states[2].is_local);
  const Pool unzoned(config, servers, "");
  unzoned.read_states(states);
  EXPECT_TRUE(states[0].is_local && states[1].is_local && states[2].is_local);
  EXPECT_TRUE(states[0].usable && states[0].usable_in_panic);
  EXPECT_EQ(states[0].weight, kWeightUnit);
}

// 2 of 3 servers fail: with panic_percent 50 all are used, those of the operator's maintenance not.
TEST(Pool, PanicsByHealthAndNotByOrder) {
  PoolConfig config = make_pool({false, false, true}, 1)->config();
  config.panic_percent = 50;
  std::vector<std::shared_ptr<Server>> servers;
  for (const ServerConfig& server : config.servers) {
    servers.push_back(std::make_shared<Server>("web", server));
    servers.back()->set_in_flight_max(1);
  }
  Pool pool(config, servers);
  const auto set = [&pool](std::size_t server, bool healthy, AdminState admin) {
    Server::Control& control = pool.servers()[server]->control();
    control.healthy = healthy;
    control.admin = admin;
    pool.servers()[server]->publish();
    pool.servers_changed();
  };
  set(0, true, AdminState::maint);
  set(1, false, AdminState::ready);
  EXPECT_FALSE(pool.panics()) << "1 of the 2 that count is healthy";
  set(2, false, AdminState::ready);
  EXPECT_TRUE(pool.panics());
  Waiting first;
  Waiting second;
  Waiting third;
  EXPECT_TRUE(pool.enqueue(first));
  EXPECT_TRUE(pool.enqueue(second));
  EXPECT_TRUE(pool.enqueue(third));
  EXPECT_EQ(pool.dequeue(first), 1U) << "the queue uses them too";
  EXPECT_EQ(pool.dequeue(second), 2U);
  EXPECT_EQ(pool.dequeue(third), Pool::kNone) << "but not the one in maintenance";
  set(0, true, AdminState::ready);
  set(1, true, AdminState::ready);
  EXPECT_FALSE(pool.panics());
}

}  // namespace
}  // namespace ravelin::gateway
