// Names to addresses: the real resolver for localhost, and pretended ones that fail, change, hang.
#include "gateway/upstream/resolve_names.h"
#include "tests/gateway/upstream/loopback.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace ravelin::gateway::test {
namespace {

using base::NameEndpoint;
using base::Result;
using namespace std::chrono_literals;

AddressList one_address(std::string_view text) {
  return {to_socket_address(std::get<base::IpEndpoint>(*base::parse_endpoint(text)))};
}

std::string to_text(const AddressList& addresses) {
  std::string text;
  for (const auto& address : addresses)
    text += base::to_string(to_endpoint(address)) + ' ';
  return text;
}

TEST(Resolve, FindsLocalhost) {
  const auto found = look_up_name({"localhost", 8080});
  ASSERT_TRUE(found.has_value()) << found.error().message;
  EXPECT_NE(to_text(*found).find(":8080 "), std::string::npos);
  for (const auto& address : *found) {
    const std::string text = base::to_string(to_endpoint(address));
    EXPECT_TRUE(text == "127.0.0.1:8080" || text == "[::1]:8080") << text;
  }
}

TEST(Resolve, SaysThatANameDoesNotExist) {
  // An empty label: refused by the resolver itself, without a question to the network.
  const auto found = look_up_name({"no..such..name", 80});
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().message.find("resolving \"no..such..name\": "), 0U);
}

TEST(Resolve, AnswersOnTheReactorsThread) {
  Reactor reactor;
  Resolver resolver(reactor);
  const auto here = std::this_thread::get_id();
  int answers = 0;
  for (int i = 0; i < 20; ++i) {
    resolver.ask({"localhost", 80}, [&](const Result<AddressList>& found) {
      EXPECT_TRUE(found.has_value());
      EXPECT_TRUE(std::this_thread::get_id() == here);
      ++answers;
    });
  }
  EXPECT_TRUE(run_until(reactor, [&] { return answers == 20; }));
}

// A look-up that does not end before it is let go.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_open = false;
  int inside = 0;

  static Gate& get() {
    static Gate gate;
    return gate;
  }

  static Result<AddressList> look_up(const NameEndpoint& name) {
    Gate& gate = get();
    std::unique_lock lock(gate.mutex);
    if (name.name != "stuck") return one_address("127.0.0.1:80");
    ++gate.inside;
    gate.changed.notify_all();
    gate.changed.wait(lock, [&] { return gate.is_open; });
    --gate.inside;
    gate.changed.notify_all();
    return one_address("127.0.0.9:80");
  }

  void await_inside(int count) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, 20s, [&] { return inside == count; });
  }

  void open() {
    const std::lock_guard lock(mutex);
    is_open = true;
    changed.notify_all();
  }
};

TEST(Resolve, AStuckNameHoldsUpNeitherOthersNorTheEnd) {
  Reactor reactor;
  bool stuck_answered = false;
  int answered = 0;
  const auto before = base::mono_now();
  {
    Resolver resolver(reactor, Gate::look_up);
    resolver.ask({"stuck", 80}, [&](const Result<AddressList>&) { stuck_answered = true; });
    Gate::get().await_inside(1);
    for (int i = 0; i < 5; ++i)
      resolver.ask({"good", 80}, [&](const Result<AddressList>&) { ++answered; });
    EXPECT_TRUE(run_until(reactor, [&] { return answered == 5; }));
  }
  EXPECT_LT(base::mono_now() - before, base::Duration(15s));
  // Its end, later, reaches nobody.
  Gate::get().open();
  Gate::get().await_inside(0);
  run_for(reactor, 20ms);
  EXPECT_FALSE(stuck_answered);
}

// Answers as the test wants; read by side threads.
struct Pretended {
  std::atomic<int> asked{0};
  std::atomic<int> answer{0};  // 0 = none, else the last number of 127.0.0.x

  static Pretended& get() {
    static Pretended pretended;
    return pretended;
  }

  static Result<AddressList> look_up(const NameEndpoint& name) {
    ++get().asked;
    const int last = get().answer;
    if (last == 0) return base::fail(base::Errc::unavailable, "resolving \"{}\"", name.name);
    return one_address(fmt::format("127.0.0.{}:{}", last, name.port));
  }
};

class NameWatchTest : public testing::Test {
 protected:
  NameWatchTest() {
    Pretended::get().asked = 0;
    Pretended::get().answer = 0;
  }

  void answer(int last) { Pretended::get().answer = last; }

  // Runs until so many more look-ups have been made.
  void run_for_questions(int count) {
    const int until = Pretended::get().asked + count;
    ASSERT_TRUE(run_until(reactor_, [&] { return Pretended::get().asked >= until; }));
  }

  Reactor reactor_;
  std::string found_;
  NameWatch watch_{reactor_,
                   [this](const NameEndpoint& name, const AddressList& addresses) {
                     found_ += name.name + "=" + to_text(addresses);
                   },
                   ResolveTiming{20ms, 10ms}, Pretended::look_up};
};

TEST_F(NameWatchTest, TellsTheFirstAddressesAndEveryChangeOnce) {
  answer(1);
  watch_.use({{"app", 80}});
  run_for_questions(4);
  EXPECT_EQ(found_, "app=127.0.0.1:80 ");
  answer(2);
  run_for_questions(4);
  EXPECT_EQ(found_, "app=127.0.0.1:80 app=127.0.0.2:80 ");
}

TEST_F(NameWatchTest, KeepsTheLastGoodAddresses) {
  answer(1);
  watch_.use({{"app", 80}});
  run_for_questions(2);
  answer(0);
  run_for_questions(4);
  ASSERT_NE(watch_.addresses({"app", 80}), nullptr);
  EXPECT_EQ(to_text(*watch_.addresses({"app", 80})), "127.0.0.1:80 ");
  answer(1);
  run_for_questions(4);
  EXPECT_EQ(found_, "app=127.0.0.1:80 ");
}

TEST_F(NameWatchTest, AsksAgainAfterAFailure) {
  watch_.use({{"app", 80}});
  run_for_questions(3);
  EXPECT_EQ(watch_.addresses({"app", 80}), nullptr);
  answer(1);
  EXPECT_TRUE(run_until(reactor_, [&] { return !found_.empty(); }));
}

TEST_F(NameWatchTest, ForgetsWhatIsNoLongerWanted) {
  answer(1);
  watch_.use({{"app", 80}, {"db", 90}});
  EXPECT_TRUE(run_until(reactor_, [&] { return watch_.addresses({"db", 90}) != nullptr; }));
  EXPECT_TRUE(run_until(reactor_, [&] { return watch_.addresses({"app", 80}) != nullptr; }));
  watch_.use({{"app", 80}});
  EXPECT_EQ(watch_.addresses({"db", 90}), nullptr);
  EXPECT_NE(watch_.addresses({"app", 80}), nullptr);
  found_.clear();
  run_for_questions(3);
  EXPECT_EQ(found_, "");
}

}  // namespace
}  // namespace ravelin::gateway::test
