// The names of servers: one question for all ports, forgotten when no longer wanted, cut alike.
#include "gateway/upstream/resolve_names.h"

#include "tests/gateway/dns/quick_dns.h"

#include <gtest/gtest.h>

namespace ravelin::gateway::test {
namespace {

using base::NameEndpoint;
using namespace std::chrono_literals;

std::string to_text(const AddressList* addresses) {
  if (addresses == nullptr) return "nothing";
  std::string text;
  for (const auto& address : *addresses)
    text += base::to_string(to_endpoint(address)) + ' ';
  return text;
}

class NameWatchTest : public testing::Test {
 protected:
  void asked_more(const std::string& name, int times) {
    ASSERT_TRUE(wait_until_asked(reactor_, server_, name, times));
  }

  Reactor reactor_;
  NameServer server_{reactor_};
  DnsClient client_{reactor_, quick_dns(server_)};
  std::string found_;
  NameWatch watch_{reactor_, client_, [this](const NameEndpoint& name, const AddressList& list) {
                     found_ += name.name + "=" + to_text(&list);
                   }};
};

TEST_F(NameWatchTest, TellsEachPortAndAsksOnceForAll) {
  server_.say("app.internal", {"127.0.0.1"}, 3600);
  client_.use([&] {
    DnsConfig slow = quick_dns(server_);
    slow.ttl_max = 1h;
    return slow;
  }());
  watch_.use({{"app.internal", 80}, {"app.internal", 81}});
  ASSERT_TRUE(run_until(reactor_, [&] { return !found_.empty(); }));
  EXPECT_EQ(found_, "app.internal=127.0.0.1:80 app.internal=127.0.0.1:81 ");
  EXPECT_EQ(server_.asked("app.internal"), 2);
  // A port that comes later knows at once.
  watch_.use({{"app.internal", 82}});
  EXPECT_EQ(to_text(watch_.addresses({"app.internal", 82})), "127.0.0.1:82 ");
  EXPECT_EQ(to_text(watch_.addresses({"app.internal", 80})), "nothing");
}

TEST_F(NameWatchTest, FollowsChangesAndKeepsTheLastGoodAddresses) {
  server_.say("app.internal", {"127.0.0.1"});
  watch_.use({{"app.internal", 80}});
  asked_more("app.internal", 3);
  server_.say("app.internal", {"127.0.0.2"});
  asked_more("app.internal", 3);
  EXPECT_EQ(found_, "app.internal=127.0.0.1:80 app.internal=127.0.0.2:80 ");
  server_.fail("app.internal", 2);
  asked_more("app.internal", 6);
  EXPECT_EQ(to_text(watch_.addresses({"app.internal", 80})), "127.0.0.2:80 ");
}

TEST_F(NameWatchTest, ForgetsWhatIsNoLongerWanted) {
  server_.say("app.internal", {"127.0.0.1"});
  server_.say("db.internal", {"127.0.0.1"});
  watch_.use({{"app.internal", 80}, {"db.internal", 90}});
  EXPECT_TRUE(run_until(reactor_, [&] {
    return watch_.addresses({"app.internal", 80}) != nullptr &&
           watch_.addresses({"db.internal", 90}) != nullptr;
  }));
  watch_.use({{"app.internal", 80}});
  EXPECT_EQ(watch_.addresses({"db.internal", 90}), nullptr);
  EXPECT_NE(watch_.addresses({"app.internal", 80}), nullptr);
  const int asked = server_.asked("db.internal");
  asked_more("app.internal", 3);
  EXPECT_EQ(server_.asked("db.internal"), asked);
}

TEST_F(NameWatchTest, OfTooManyAddressesTheSameOnesAreUsed) {
  WireReply reply;
  for (int i = 1; i <= 20; ++i)
    reply.records.push_back(address_record(fmt::format("127.0.0.{}", i)));
  server_.say("app.internal", RecordType::a, reply);
  server_.say("app.internal", RecordType::aaaa, {});
  watch_.use({{"app.internal", 80}});
  ASSERT_TRUE(run_until(reactor_, [&] { return !found_.empty(); }));
  const AddressList* list = watch_.addresses({"app.internal", 80});
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->size(), kAddressesMax);
  EXPECT_EQ(base::to_string(to_endpoint(list->front())), "127.0.0.1:80");
}

}  // namespace
}  // namespace ravelin::gateway::test
