#include "firewall/control/ssh_session.h"

#include <gtest/gtest.h>

#include <bit>

namespace ravelin::firewall {
namespace {

// The kernel writes addresses as this machine's memory has them.
static_assert(std::endian::native == std::endian::little);

std::string stat(std::string_view name) {
  return fmt::format("812 ({}) S 640 812 812 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 5120 17 18 19\n",
                     name);
}

TEST(SshSession, ReadsWhatAProcessIs) {
  for (const char* name : {"sshd", "sshd-session", "a b", "))) (", ""}) {
    const auto read = parse_process_stat(stat(name));
    ASSERT_TRUE(read) << name;
    EXPECT_EQ(read->name, name);
    EXPECT_EQ(read->parent, 640U);
    EXPECT_EQ(read->started, 5120U);
  }
  for (const char* text : {"", "812", "812 (sshd", "812 )sshd( S 640", "812 (sshd) S 640 812",
                           "1 (x) S -1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 5120 0"})
    EXPECT_FALSE(parse_process_stat(text)) << text;
}

struct NameCase {
  const char* name;
  bool is_sshd;
};

TEST(SshSession, KnowsSshdByItsName) {
  for (const NameCase& row : {NameCase{"sshd", true},
                              {"sshd-session", true},
                              {"ssh", false},
                              {"bash", false},
                              {"", false}})
    EXPECT_EQ(is_sshd({0, 0, row.name}), row.is_sshd) << row.name;
}

TEST(SshSession, ReadsWhichSocketADescriptorIs) {
  EXPECT_EQ(parse_socket_link("socket:[4711]"), 4711U);
  for (const char* link : {"", "pipe:[4711]", "/dev/null", "socket:[]", "socket:[4711",
                           "socket:[-1]", "socket:[47 11]", "socket:]"})
    EXPECT_FALSE(parse_socket_link(link)) << link;
}

std::string line(std::string_view local, std::string_view remote, std::string_view state = "01") {
  return fmt::format(
      "   4: {} {} {} 00000000:00000000 02:0006A1F2 00000000     0        0 4711 2 "
      "0000000000000000 "
      "20 4 31 10 -1\n",
      local, remote, state);
}

TEST(SshSession, ReadsEstablishedConnections) {
  const auto ipv4 = parse_tcp_line(line("FE02000A:0016", "0700090A:D431"));
  ASSERT_TRUE(ipv4);
  EXPECT_EQ(base::to_string(ipv4->local), "10.0.2.254:22");
  EXPECT_EQ(base::to_string(ipv4->remote), "10.9.0.7:54321");
  EXPECT_EQ(ipv4->inode, 4711U);
  const auto ipv6 = parse_tcp_line(
      line("B80D0120000000000000000001000000:0016", "B80D0120000000000000000007000000:D431"));
  ASSERT_TRUE(ipv6);
  EXPECT_EQ(base::to_string(ipv6->local), "[2001:db8::1]:22");
  EXPECT_EQ(base::to_string(ipv6->remote), "[2001:db8::7]:54321");
}

TEST(SshSession, AnIPv4ClientOfAnIPv6SocketIsOneOfIPv4) {
  const auto mapped = parse_tcp_line(
      line("0000000000000000FFFF0000FE02000A:0016", "0000000000000000FFFF00000700090A:D431"));
  ASSERT_TRUE(mapped);
  EXPECT_EQ(mapped->remote.address, *base::parse_ip("10.9.0.7"));
}

TEST(SshSession, PassesOverLinesOfOtherKinds) {
  const std::string cases[] = {
      "",
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
      "inode",
      line("00000000:0016", "00000000:0000", "0A"),  // listens
      line("FE02000A:0016", "0700090A:D431", "06"),  // is over
      line("FE02000A", "0700090A:D431"),
      line("FE02000A:16", "0700090A:D431"),
      line("FE02000G:0016", "0700090A:D431"),
      line("FE02000A:0016", "0700090A0700090A:D431"),
      "   4: FE02000A:0016 0700090A:D431 01 00000000:00000000 02:0006A1F2 00000000     0        0",
  };
  for (const std::string& text : cases)
    EXPECT_FALSE(parse_tcp_line(text)) << text;
}

TcpConnection connection(std::string_view client, std::uint16_t port, std::uint64_t inode) {
  return {{*base::parse_ip("10.9.0.254"), port}, {*base::parse_ip(client), 50'000}, inode};
}

Ancestor process(std::string_view name, std::uint64_t started,
                 std::vector<std::uint64_t> sockets = {}) {
  return {{1, started, std::string(name)}, std::move(sockets)};
}

struct SessionCase {
  const char* name;
  std::vector<Ancestor> ancestors;
  const char* client;  // empty: none
  std::uint16_t port;
  std::uint64_t started;
};

TEST(SshSession, IsTheNearestSshdsFirstConnection) {
  const std::vector<TcpConnection> connections{connection("10.9.0.7", 22, 100),
                                               connection("127.0.0.1", 2222, 200),
                                               connection("192.0.2.9", 8080, 300)};
  const SessionCase cases[] = {
      {"NotOverSsh", {process("sudo", 9), process("bash", 8)}, "", 0, 0},
      {"UnderSudo",
       {process("sudo", 9), process("bash", 8), process("sshd", 7, {50, 100}),
        process("sshd", 6, {51, 100}), process("sshd", 1, {60})},
       "10.9.0.7",
       22,
       6},
      {"OfRootWithoutASecondProcess",
       {process("bash", 8), process("sshd-session", 6, {100}), process("sshd", 1)},
       "10.9.0.7",
       22,
       6},
      {"WhatItForwardsIsNotTheSession",
       {process("bash", 8), process("sshd", 7, {50, 100, 300})},
       "10.9.0.7",
       22,
       7},
      {"OneInsideTheOther",
       {process("bash", 12), process("sshd", 11, {200}), process("ssh", 10, {300}),
        process("sshd", 6, {100})},
       "127.0.0.1",
       2222,
       11},
      {"AProgramThatIsOnlyCalledSo",
       {process("sshd-check", 9, {50}), process("bash", 8), process("sshd", 6, {100})},
       "10.9.0.7",
       22,
       6},
      {"OfAnotherNetworkNamespace", {process("bash", 8), process("sshd", 6, {999})}, "", 0, 0},
      {"MayNotBeLookedAt", {process("bash", 8), process("sshd", 6)}, "", 0, 0},
  };
  for (const SessionCase& row : cases) {
    const auto session = find_ssh_session(row.ancestors, connections);
    ASSERT_EQ(session.has_value(), *row.client != 0) << row.name;
    if (!session) continue;
    EXPECT_EQ(base::to_string(session->client), row.client) << row.name;
    EXPECT_EQ(session->port, row.port) << row.name;
    EXPECT_EQ(session->started, row.started) << row.name;
  }
}

}  // namespace
}  // namespace ravelin::firewall
