#include "firewall/trial/scratch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace ravelin::firewall::trial {
namespace {

using base::Errc;
using base::fail;
using base::fail_errno;
using base::Family;
using policies::Packet;

constexpr const char* kOwn = "/proc/thread-self/ns/net";
constexpr std::array<std::uint8_t, 6> kHostMac{2, 0, 0, 0, 0, 1};
constexpr const char* kHostMacText = "02:00:00:00:00:01";
constexpr const char* kWorldMacText = "02:00:00:00:00:02";

bool is_carried(const base::IpAddress& address) {
  const bool is_link = address.family == Family::ipv6 && address.bytes[0] >= 0xfe;
  const bool is_group = address.family == Family::ipv4 && address.bytes[0] >= 224;
  return !is_link && !is_group && address.bytes[0] != 0 && address.bytes[0] != 127;
}

Result<> write_setting(const std::string& name, std::string_view value) {
  const Descriptor file(::open(("/proc/sys/net/" + name).c_str(), O_WRONLY | O_CLOEXEC));
  if (file.number() < 0 || ::write(file.number(), value.data(), value.size()) < 0)
    return fail_errno(errno, "setting net/" + name);
  return {};
}

// So that every packet goes its way, and every refusal is told.
Result<> write_settings() {
  constexpr std::pair<const char*, const char*> kSettings[] = {
      {"ipv4/ip_forward", "1"},
      {"ipv4/conf/all/rp_filter", "0"},
      {"ipv4/conf/default/rp_filter", "0"},
      {"ipv4/conf/all/accept_local", "1"},
      {"ipv4/icmp_ratelimit", "0"},
      {"ipv6/conf/default/accept_dad", "0"},
      {"ipv6/conf/default/router_solicitations", "0"},
      {"ipv6/icmp/ratelimit", "0"},
  };
  for (const auto& [name, value] : kSettings) {
    if (auto done = write_setting(name, value); !done) return done;
  }
  return {};
}

Result<> run_ip(const std::string& lines) {
  std::FILE* pipe = ::popen("ip -force -batch - > /dev/null 2>&1", "we");
  if (pipe == nullptr) return fail_errno(errno, "running ip");
  std::fwrite(lines.data(), 1, lines.size(), pipe);
  if (::pclose(pipe) != 0)
    return fail(Errc::kernel, "ip (of iproute2) could not build the network");
  return {};
}

std::string version_of(const base::IpAddress& address) {
  return address.family == Family::ipv4 ? "-4" : "-6";
}

std::string whole(const base::IpAddress& address) {
  return base::to_string(address) + (address.family == Family::ipv4 ? "/32" : "/128");
}

// An interface without ARP and multicast joins no group, of which the host would report to its
// neighbours in packets that rules count.
std::string host_lines(const Places& places, const std::string& world) {
  std::string lines = "link set lo up\n";
  int number = 0;
  for (const std::string& name : places.interfaces) {
    ++number;
    lines += fmt::format(
        "link add {0} address {1} type veth peer name {0} address {2} netns {3}\n"
        "link set {0} addrgenmode none arp off multicast off up\n"
        "addr add 192.0.2.{4}/32 dev {0}\naddr add 2001:db8:ffff::{4}/128 dev {0} nodad\n",
        name, kHostMacText, kWorldMacText, world, 100 + number);
  }
  for (const base::IpAddress& own : places.own)
    lines += fmt::format("addr add {} dev lo{}\n", whole(own),
                         own.family == Family::ipv6 ? " nodad" : "");
  return lines;
}

std::string route_lines(const Places& places) {
  std::string lines;
  for (const auto& [address, interface] : places.beyond) {
    const std::string version = version_of(address).substr(1) == "4" ? "" : "-6 ";
    lines +=
        fmt::format("route add {} dev {}\nneigh add {} lladdr {} dev {} nud permanent\n",
                    whole(address), interface, base::to_string(address), kWorldMacText, interface);
  }
  return lines;
}

std::string world_lines(const Places& places) {
  std::string lines;
  for (const std::string& name : places.interfaces)
    lines += fmt::format("link set {} addrgenmode none up\n", name);
  return lines;
}

Result<Descriptor> open_wire(const std::string& interface) {
  Descriptor wire(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL)));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
  if (wire.number() < 0 ||
      ::bind(wire.number(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    return fail_errno(errno, "listening on " + interface);
  return wire;
}

socklen_t fill(const base::IpAddress& to, sockaddr_storage& storage) {
  if (to.family == Family::ipv4) {
    auto& address = reinterpret_cast<sockaddr_in&>(storage);
    address.sin_family = AF_INET;
    std::memcpy(&address.sin_addr, to.bytes.data(), 4);
    return sizeof(address);
  }
  auto& address = reinterpret_cast<sockaddr_in6&>(storage);
  address.sin6_family = AF_INET6;
  std::memcpy(&address.sin6_addr, to.bytes.data(), 16);
  return sizeof(address);
}

// A refusal of the ruleset is no failure to send: the packet has met it.
Result<> send_from_here(const Packet& packet, const Octets& bytes) {
  const bool is_v4 = packet.source.family == Family::ipv4;
  // Who makes the socket is its owner.
  ::setfsuid(packet.uid);
  const Descriptor out(
      ::socket(is_v4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW));
  const int error = errno;
  ::setfsuid(::geteuid());
  if (out.number() < 0) return fail_errno(error, "a raw socket");
  const int on = 1;
  ::setsockopt(out.number(), is_v4 ? int{IPPROTO_IP} : int{IPPROTO_IPV6},
               is_v4 ? IP_HDRINCL : IPV6_HDRINCL, &on, sizeof(on));
  sockaddr_storage to{};
  const socklen_t length = fill(packet.destination, to);
  const ssize_t sent = ::sendto(out.number(), bytes.data(), bytes.size(), 0,
                                reinterpret_cast<const sockaddr*>(&to), length);
  const bool is_refused = sent < 0 && (errno == EPERM || errno == EHOSTUNREACH || errno == EACCES);
  if (sent < 0 && !is_refused) return fail_errno(errno, "sending");
  return {};
}

// One packet that waits; empty: none does.
Octets receive(const Descriptor& from, sockaddr_ll* link = nullptr) {
  Octets bytes(2048);
  socklen_t length = sizeof(sockaddr_ll);
  const ssize_t got =
      ::recvfrom(from.number(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(link),
                 link == nullptr ? nullptr : &length);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

bool add_places(const Packet& packet, Places& places) {
  Places wanted = places;
  const auto is_at = [&](const base::IpAddress& address, const std::string& interface) {
    if (!is_carried(address)) return false;
    if (interface.empty()) {
      wanted.own.insert(address);
      return !wanted.beyond.contains(address);
    }
    wanted.interfaces.insert(interface);
    return !wanted.own.contains(address) &&
           wanted.beyond.emplace(address, interface).first->second == interface;
  };
  if (!is_at(packet.source, packet.in_interface)) return false;
  if (!is_at(packet.destination, packet.out_interface)) return false;
  places = std::move(wanted);
  return true;
}

ScratchHost::~ScratchHost() {
  if (origin_.number() >= 0) ::setns(origin_.number(), CLONE_NEWNET);
}

Result<> ScratchHost::enter() {
  origin_ = Descriptor(::open(kOwn, O_RDONLY | O_CLOEXEC));
  for (Descriptor* made : {&world_, &host_}) {
    if (::unshare(CLONE_NEWNET) != 0) {
      if (errno == EPERM) return fail(Errc::denied, "needs root to make network namespaces");
      return fail_errno(errno, "making a network namespace");
    }
    *made = Descriptor(::open(kOwn, O_RDONLY | O_CLOEXEC));
    if (made->number() < 0) return fail_errno(errno, "opening a network namespace");
  }
  return {};
}

Result<> ScratchHost::build(const Places& places) {
  if (auto done = write_settings(); !done) return done;
  const std::string world = fmt::format("/proc/{}/fd/{}", ::getpid(), world_.number());
  if (auto done = run_ip(host_lines(places, world)); !done) return done;
  // Interfaces made later would join the group of all routers.
  if (auto done = write_setting("ipv6/conf/all/forwarding", "1"); !done) return done;
  ::setns(world_.number(), CLONE_NEWNET);
  Result<> done = write_setting("ipv6/conf/all/disable_ipv6", "1");
  if (done) done = run_ip(world_lines(places));
  for (const std::string& name : places.interfaces) {
    if (!done) break;
    auto wire = open_wire(name);
    if (!wire) done = wire.error();
    if (wire) wires_.emplace(name, std::move(*wire));
  }
  ::setns(host_.number(), CLONE_NEWNET);
  if (!done) return done;
  return run_ip(route_lines(places));
}

Result<> ScratchHost::open_sockets() {
  constexpr std::uint8_t kGre = 47;
  for (const int family : {AF_INET, AF_INET6}) {
    for (const std::uint8_t protocol :
         {policies::kTcp, policies::kUdp, policies::kIcmp, policies::kIcmpv6, kGre}) {
      if (protocol == (family == AF_INET ? policies::kIcmpv6 : policies::kIcmp)) continue;
      Arrival arrival{
          family == AF_INET ? Family::ipv4 : Family::ipv6, protocol,
          Descriptor(::socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol))};
      if (arrival.socket.number() < 0) return fail_errno(errno, "a raw socket");
      arrivals_.push_back(std::move(arrival));
    }
  }
  return {};
}

Result<ScratchHost> ScratchHost::open(const Places& places) {
  ScratchHost host;
  if (auto done = host.enter(); !done) return done.error();
  if (auto done = host.build(places); !done) return done.error();
  if (auto done = host.open_sockets(); !done) return done.error();
  return host;
}

Result<> ScratchHost::send(const Packet& packet, const Tag& tag) {
  const Octets bytes = packet_bytes(packet, tag);
  if (packet.in_interface.empty()) return send_from_here(packet, bytes);
  const auto wire = wires_.find(packet.in_interface);
  if (wire == wires_.end()) return fail(Errc::not_found, "no interface {}", packet.in_interface);
  Octets frame(kHostMac.begin(), kHostMac.end());
  frame.insert(frame.end(), {2, 0, 0, 0, 0, 2});
  const std::uint16_t type = packet.source.family == Family::ipv4 ? ETH_P_IP : ETH_P_IPV6;
  frame.insert(frame.end(),
               {static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type)});
  frame.insert(frame.end(), bytes.begin(), bytes.end());
  if (::send(wire->second.number(), frame.data(), frame.size(), 0) < 0)
    return fail_errno(errno, "sending on " + packet.in_interface);
  return {};
}

void ScratchHost::look_here(const Tag& tag, std::optional<Sight>& sight) {
  for (const Arrival& arrival : arrivals_) {
    for (Octets bytes = receive(arrival.socket); !bytes.empty(); bytes = receive(arrival.socket)) {
      // Of IPv6 the header is left out.
      const auto seen = arrival.family == Family::ipv4 ? recognise(bytes, tag)
                                                       : recognise6(arrival.protocol, bytes, tag);
      if (!seen) continue;
      if (!sight) sight.emplace();
      sight->is_refused = sight->is_refused || seen->is_refusal;
      if (seen->is_refusal) continue;
      sight->is_here = true;
      sight->seen = seen;
    }
  }
}

std::optional<ScratchHost::Sight> ScratchHost::look(const Tag& tag) {
  constexpr std::size_t kEthernet = 14;
  std::optional<Sight> sight;
  look_here(tag, sight);
  for (const auto& [name, wire] : wires_) {
    sockaddr_ll link{};
    for (Octets frame = receive(wire, &link); !frame.empty(); frame = receive(wire, &link)) {
      if (link.sll_pkttype == PACKET_OUTGOING || frame.size() < kEthernet) continue;
      const auto seen = recognise(std::span(frame).subspan(kEthernet), tag);
      if (!seen) continue;
      if (!sight) sight.emplace();
      sight->is_refused = sight->is_refused || seen->is_refusal;
      if (seen->is_refusal || sight->is_here) continue;  // an answer repeats what it answers
      sight->left_by = name;
      sight->seen = seen;
    }
  }
  return sight;
}

}  // namespace ravelin::firewall::trial
