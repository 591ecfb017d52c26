#include "gateway/net/half_open.h"

#include "gateway/net/connect.h"
#include "gateway/net/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <sys/socket.h>

namespace ravelin::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::set<std::uint16_t> ports_of(std::string_view lines) {
  std::set<std::uint16_t> ports;
  add_half_open(lines, ports);
  return ports;
}

// As Linux 6.1 lists a listener, a connection, and two handshakes.
TEST(HalfOpen, IsReadFromTheKernelsList) {
  constexpr std::string_view kLines =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
      "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n"
      "   1: 0100007F:1F91 0100007F:D2A4 01 00000000:00000000 00:00000000 00000000     0\n"
      "  12: 0100007F:1F92 0100007F:D2A6 03 00000000:00000000 01:00000063 00000000     0\n"
      " 999: 00000000000000000000000001000000:FFFF 00000000000000000000000001000000:A6D2 03 0000\n";
  EXPECT_THAT(ports_of(kLines), ElementsAre(8082, 65535));
}

TEST(HalfOpen, WhatIsNoListHasNone) {
  for (const std::string_view lines : {"", "\n", "   \n\n", "03", "a b c 03", "0: x:y z 03 1",
                                       "0: 1:10000 2:1 03 1", "0: 1: 2:1 03 1", "0: 1:-1 2:1 03 1"})
    EXPECT_THAT(ports_of(lines), IsEmpty()) << lines;
}

TEST(HalfOpen, IsAClientThatHearsNothing) {
  const auto listener =
      open_listener(*base::parse_endpoint("127.0.0.1:0", base::PortZero::allowed), ReusePort::no);
  ASSERT_TRUE(listener);
  const auto local = std::get<base::IpEndpoint>(*local_endpoint(listener->get()));
  EXPECT_FALSE(half_open_ports().contains(local.port));
  const OwnedFd client(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
  const sock_fprog program{.len = 1, .filter = nothing};
  ASSERT_EQ(::setsockopt(client.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), 0);
  const SocketAddress to = to_socket_address(local);
  EXPECT_NE(::connect(client.get(), to.get(), to.length), 0);
  EXPECT_TRUE(half_open_ports().contains(local.port));
}

}  // namespace
}  // namespace ravelin::gateway
