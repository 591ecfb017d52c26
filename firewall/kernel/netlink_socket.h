// A netlink socket to nf_tables (and conntrack; or to routes, or to sockets) of the network
// namespace it was opened in. Its port is what the kernel knows an owner of tables by, so it is
// opened once and kept: closing one also waits for what the last batch removed. One thread.
#pragma once

#include "base/result.h"
#include "firewall/kernel/attributes.h"

#include <chrono>
#include <cstdint>
#include <vector>

namespace ravelin::firewall {

using base::Result;

class NetlinkSocket {
 public:
  // Errc::kernel: no netlink, or no room for its buffers.
  enum class Protocol : std::uint8_t { netfilter, route, sockets };
  static Result<NetlinkSocket> open(Protocol protocol = Protocol::netfilter);
  NetlinkSocket(NetlinkSocket&& other) noexcept;
  NetlinkSocket& operator=(NetlinkSocket&& other) = delete;
  NetlinkSocket(const NetlinkSocket&) = delete;
  NetlinkSocket& operator=(const NetlinkSocket&) = delete;
  ~NetlinkSocket();

  // All bytes in one sendmsg. The kernel has done what they ask when this returns, and every answer
  // to a batch is waiting.
  Result<> send(ByteSpan bytes);

  // Events of a group (NFNLGRP_*) from now on.
  Result<> join(int group);

  // Whether something can be received; false: nothing came until then, or a signal did.
  Result<bool> wait_until(std::chrono::steady_clock::time_point until);

  // One datagram; it borrows the socket's buffer until the next call.
  struct Datagram {
    enum class Kind : std::uint8_t { bytes, nothing, lost };  // lost: answers did not fit (ENOBUFS)

    Kind kind = Kind::nothing;
    ByteSpan bytes;
  };

  // `until_deadline` waits for up to five seconds: then Errc::timeout.
  enum class Wait : std::uint8_t { no, until_deadline };
  Result<Datagram> receive(Wait wait);

  [[nodiscard]] std::uint32_t port() const { return port_; }

 private:
  NetlinkSocket(int fd, std::uint32_t port);
  void make_room(std::size_t bytes);

  int fd_;
  std::uint32_t port_;
  std::size_t send_room_ = 0;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace ravelin::firewall
