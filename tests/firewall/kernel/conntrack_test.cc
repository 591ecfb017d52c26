// Flows of a real conntrack: put there as conntrack(8) would, read, told and removed.
#include "firewall/kernel/conntrack.h"

#include "firewall/kernel/batch.h"
#include "firewall/kernel/routes.h"
#include "tests/firewall/kernel/kernel_fixture.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace ravelin::firewall {
namespace {

using ::testing::HasSubstr;

class ConntrackTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    ASSERT_EQ(test::run_command("ip link set lo up && ip -6 addr add 2001:db8::1/128 dev lo nodad")
                  .output,
              "");
    // Conntrack only sees packets where a rule asks for it.
    ASSERT_EQ(nft("-f -",
                  "table inet x { chain a { type filter hook output priority 0; ct state new "
                  "counter\n}\n}\n"),
              "");
    auto opened = NetlinkConntrack::open();
    ASSERT_TRUE(opened);
    table_.emplace(std::move(*opened));
  }

  // A datagram there and one back: a flow that has seen a reply.
  static void converse(const std::string& address) {
    const int family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
    const int server = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int client = ::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_storage at{};
    socklen_t bytes = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    at.ss_family = static_cast<sa_family_t>(family);
    void* place = family == AF_INET
                      ? static_cast<void*>(&reinterpret_cast<sockaddr_in*>(&at)->sin_addr)
                      : static_cast<void*>(&reinterpret_cast<sockaddr_in6*>(&at)->sin6_addr);
    ASSERT_EQ(::inet_pton(family, address.c_str(), place), 1);
    ASSERT_EQ(::bind(server, reinterpret_cast<sockaddr*>(&at), bytes), 0);
    ASSERT_EQ(::getsockname(server, reinterpret_cast<sockaddr*>(&at), &bytes), 0);
    char byte = 'x';
    ASSERT_EQ(::sendto(client, &byte, 1, 0, reinterpret_cast<sockaddr*>(&at), bytes), 1);
    sockaddr_storage from{};
    socklen_t from_bytes = sizeof from;
    ASSERT_EQ(::recvfrom(server, &byte, 1, 0, reinterpret_cast<sockaddr*>(&from), &from_bytes), 1);
    ASSERT_EQ(::sendto(server, &byte, 1, 0, reinterpret_cast<sockaddr*>(&from), from_bytes), 1);
    ASSERT_EQ(::recv(client, &byte, 1, 0), 1);
    ::close(server);
    ::close(client);
  }

  // Echo requests by hand, and their answers waited for: a kernel with much to do lets them queue.
  static void echo_v4() {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const std::uint8_t request[] = {8, 0, 0xf7, 0xfd, 0, 1, 0, 1};  // with its checksum
    send_raw(IPPROTO_ICMP, request, reinterpret_cast<const sockaddr*>(&at), sizeof at);
  }

  static void echo_v6() {
    sockaddr_in6 at{};
    at.sin6_family = AF_INET6;
    ASSERT_EQ(::inet_pton(AF_INET6, "2001:db8::1", &at.sin6_addr), 1);
    const std::uint8_t request[] = {128, 0, 0, 0, 0, 1, 0, 1};  // the kernel sums it up
    send_raw(IPPROTO_ICMPV6, request, reinterpret_cast<const sockaddr*>(&at), sizeof at);
  }

  static void send_raw(int protocol, ByteSpan bytes, const sockaddr* at, socklen_t at_bytes) {
    const int raw = ::socket(at->sa_family, SOCK_RAW | SOCK_CLOEXEC, protocol);
    ASSERT_GE(raw, 0);
    const timeval patience{.tv_sec = 2, .tv_usec = 0};
    ::setsockopt(raw, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    bool is_answered = false;
    for (int tries = 0; tries < 5 && !is_answered; ++tries) {  // the same flow, if one is lost
      EXPECT_EQ(::sendto(raw, bytes.data(), bytes.size(), 0, at, at_bytes),
                static_cast<ssize_t>(bytes.size()));
      is_answered = gets_answer(raw, protocol);
    }
    EXPECT_TRUE(is_answered) << "protocol " << protocol;
    ::close(raw);
  }

  // Among what the socket sees, which may be the request, too.
  static bool gets_answer(int raw, int protocol) {
    constexpr int kPacketsMost = 8;
    constexpr std::uint8_t kReplyV4 = 0;
    constexpr std::uint8_t kReplyV6 = 129;
    for (int i = 0; i < kPacketsMost; ++i) {
      std::array<std::uint8_t, 256> packet{};
      if (::recv(raw, packet.data(), packet.size(), 0) <= 0) return false;
      const bool is_v4 = protocol == IPPROTO_ICMP;  // comes with its IP header
      const std::size_t header = is_v4 ? std::size_t{4} * (packet[0] & 0x0fU) : 0;
      if (packet[header] == (is_v4 ? kReplyV4 : kReplyV6)) return true;
    }
    return false;
  }

  std::vector<Flow> flows() {
    std::vector<Flow> found;
    const auto read = table_->each([&](const Flow& flow) { found.push_back(flow); });
    EXPECT_TRUE(read) << base::to_string(read.error());
    return found;
  }

  std::optional<NetlinkConntrack> table_;
};

TEST_F(ConntrackTest, FlowsOfBothFamiliesAreReadAndRemoved) {
  converse("127.0.0.1");
  converse("2001:db8::1");
  std::vector<Flow> found = flows();
  ASSERT_EQ(found.size(), 2u);
  std::ranges::sort(found, {}, [](const Flow& flow) { return flow.original; });
  EXPECT_THAT(to_string(found[0]), HasSubstr("udp 127.0.0.1:"));
  EXPECT_THAT(to_string(found[1]), HasSubstr("udp [2001:db8::1]:"));
  for (const Flow& flow : found) {
    EXPECT_TRUE(flow.has_reply);
    EXPECT_FALSE(flow.is_closed || flow.is_expected);
    EXPECT_EQ(flow.original.source_port, flow.reply.destination_port);
    EXPECT_EQ(flow.original.source, flow.reply.destination);
    EXPECT_NE(flow.id, 0u);
  }
  const auto removed = table_->remove(found[1]);
  ASSERT_TRUE(removed) << base::to_string(removed.error());
  EXPECT_TRUE(*removed);
  EXPECT_EQ(flows(), std::vector{found[0]});
  EXPECT_FALSE(*table_->remove(found[1])) << "it is gone already";
}

TEST_F(ConntrackTest, ALaterFlowOfTheSameTupleIsNotRemoved) {
  converse("127.0.0.1");
  Flow flow = flows().at(0);
  flow.id += 1;
  EXPECT_FALSE(*table_->remove(flow));
  EXPECT_EQ(flows().size(), 1u);
}

TEST_F(ConntrackTest, EchoesAreFlowsWithATypeAndRemovable) {
  echo_v4();
  echo_v6();
  const std::vector<Flow> found = flows();
  ASSERT_EQ(found.size(), 2u);
  for (const Flow& flow : found) {
    EXPECT_TRUE(flow.original.destination_port == 8 || flow.original.destination_port == 128);
    EXPECT_TRUE(*table_->remove(flow)) << to_string(flow);
  }
  EXPECT_TRUE(flows().empty());
}

TEST_F(ConntrackTest, RoutesTellOwnAddressesAndInterfaces) {
  ASSERT_EQ(test::run_command("ip link add va type veth peer name vb && ip link set va up && "
                              "ip link set vb up && ip addr add 10.1.0.1/24 dev va && "
                              "ip route add 10.2.0.0/16 nexthop dev va nexthop dev vb && "
                              "ip route add blackhole 10.3.0.0/16 table 7")
                .output,
            "");
  const auto read = read_routes();
  ASSERT_TRUE(read) << base::to_string(read.error());
  EXPECT_TRUE(read->is_complete);
  const auto find = [&](std::string_view to, bool is_local) -> const RouteTo* {
    const auto found = std::ranges::find_if(read->routes, [&](const RouteTo& route) {
      return base::to_string(route.to) == to && route.is_local == is_local;
    });
    return found == read->routes.end() ? nullptr : &*found;
  };
  ASSERT_NE(find("10.1.0.1/32", true), nullptr);
  ASSERT_NE(find("2001:db8::1/128", true), nullptr);
  ASSERT_NE(find("10.1.0.0/24", false), nullptr);
  EXPECT_EQ(find("10.1.0.0/24", false)->interfaces, std::vector<std::string>{"va"});
  ASSERT_NE(find("10.2.0.0/16", false), nullptr);
  EXPECT_EQ(find("10.2.0.0/16", false)->interfaces, (std::vector<std::string>{"va", "vb"}));
  ASSERT_NE(find("10.3.0.0/16", false), nullptr);
  EXPECT_EQ(find("10.3.0.0/16", false)->table, 7u);
  EXPECT_TRUE(find("10.3.0.0/16", false)->interfaces.empty());
}

}  // namespace
}  // namespace ravelin::firewall
