#include "system/confine/call_arguments.h"

#include <asm/ioctls.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/prctl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>

namespace ravelin::system {
namespace {

// The kernel looks at the lower half of an int, so a filter does the same.
constexpr std::uint64_t kInt = 0xffffffff;

ArgumentTest is(unsigned index, int value) {
  return {index, kInt, static_cast<std::uint32_t>(value)};
}

ArgumentTest has_none_of(unsigned index, std::uint64_t bits) {
  return {index, bits, 0};
}

constexpr std::uint64_t kNamespaces = std::uint64_t{CLONE_NEWNS} | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                      CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;

// One rule for each value of one argument.
CallRules one_of(std::string_view call, unsigned index, std::initializer_list<int> values) {
  CallRules rules;
  rules.reserve(values.size());
  for (const int value : values)
    rules.push_back({call, {is(index, value)}});
  return rules;
}

void append(CallRules& rules, CallRules more) {
  rules.insert(rules.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
}

// include/uapi/linux/fcntl.h and prctl.h: newer than Debian 12's.
constexpr int kPrSetVma = 0x53564d41;

constexpr std::uint64_t kSocketType = 0xf;  // beside SOCK_CLOEXEC and SOCK_NONBLOCK

CallRule socket_of(int family, int type, int protocol) {
  return {"socket",
          {is(0, family), {1, kSocketType, static_cast<std::uint64_t>(type)}, is(2, protocol)}};
}

// Levels and options of sockets: nothing of netfilter's, which hangs its own on IP and IPv6.
CallRules socket_options() {
  CallRules rules = one_of("setsockopt", 1, {SOL_SOCKET, IPPROTO_TCP});
  for (const int option : {IP_TOS, IP_TTL, IP_MTU_DISCOVER, IP_RECVERR, IP_FREEBIND,
                           IP_BIND_ADDRESS_NO_PORT, IP_MULTICAST_TTL, IP_PKTINFO})
    rules.push_back({"setsockopt", {is(1, IPPROTO_IP), is(2, option)}});
  for (const int option : {IPV6_V6ONLY, IPV6_RECVERR, IPV6_MTU_DISCOVER, IPV6_UNICAST_HOPS,
                           IPV6_TCLASS, IPV6_RECVPKTINFO})
    rules.push_back({"setsockopt", {is(1, IPPROTO_IPV6), is(2, option)}});
  return rules;
}

}  // namespace

CallRules rules_for_memory(bool loads_modules) {
  CallRules rules{{"mmap", {has_none_of(2, PROT_EXEC)}}, {"mprotect", {has_none_of(2, PROT_EXEC)}}};
  // What a loader does: the text of a library, from its file and never writable.
  constexpr std::uint64_t kRights = PROT_READ | PROT_WRITE | PROT_EXEC;
  if (loads_modules)
    rules.push_back({"mmap", {{2, kRights, PROT_READ | PROT_EXEC}, has_none_of(3, MAP_ANONYMOUS)}});
  return rules;
}

CallRules rules_for_threads() {
  constexpr std::uint64_t kThread = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD;
  return {{"clone", {{0, kNamespaces | kThread, kThread}}}};
}

CallRules rules_for_forking() {
  constexpr std::uint64_t kShared = CLONE_VM | CLONE_THREAD | CLONE_PARENT | CLONE_PTRACE;
  return {{"clone", {has_none_of(0, kNamespaces | kShared)}}};
}

CallRules rules_for_itself(pid_t own) {
  CallRules rules{{"kill", {is(0, own)}},
                  {"tgkill", {is(0, own)}},
                  {"prlimit64", {is(0, 0)}},  // lowered by anyone, raised by nobody
                  {"prctl", {is(0, PR_SET_DUMPABLE), {1, ~std::uint64_t{0}, 0}}}};
  append(rules, one_of("prctl", 0,
                       {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_SET_PDEATHSIG, PR_GET_SECCOMP,
                        PR_CAPBSET_READ, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS, kPrSetVma}));
  return rules;
}

CallRules rules_for_descriptors() {
  // Not F_SETOWN and F_SETSIG, which send signals to others.
  CallRules rules = one_of("fcntl", 1,
                           {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK,
                            F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW, F_ADD_SEALS,
                            F_GET_SEALS, F_SETPIPE_SZ, F_GETPIPE_SZ});
  // Not TIOCSTI, which types into a terminal.
  append(rules, one_of("ioctl", 1, {FIONBIO, FIONREAD, FIOCLEX, FIONCLEX, TCGETS}));
  return rules;
}

CallRules rules_for_sockets(const NetworkAccess& network) {
  CallRules rules = socket_options();
  if (network.unix_sockets) rules.push_back({"socket", {is(0, AF_UNIX)}});
  if (network.unix_sockets) rules.push_back({"socketpair", {is(0, AF_UNIX)}});
  if (network.inet) {
    for (const int family : {AF_INET, AF_INET6}) {
      for (const int protocol : {0, int{IPPROTO_TCP}})
        rules.push_back(socket_of(family, SOCK_STREAM, protocol));
      for (const int protocol : {0, int{IPPROTO_UDP}})
        rules.push_back(socket_of(family, SOCK_DGRAM, protocol));
    }
  }
  if (network.inet || network.netlink)  // names of interfaces: in "fe80::1%eth0", of routes
    append(rules, one_of("ioctl", 1, {SIOCGIFNAME, SIOCGIFINDEX}));
  if (network.netlink) {
    for (const int protocol : {NETLINK_ROUTE, NETLINK_SOCK_DIAG, NETLINK_NETFILTER})
      rules.push_back({"socket", {is(0, AF_NETLINK), is(2, protocol)}});
    rules.push_back({"setsockopt", {is(1, SOL_NETLINK)}});
  }
  return rules;
}

CallRules rules_for_priority() {
  constexpr int kOfAThread = 0;  // PRIO_PROCESS
  return {{"setpriority", {is(0, kOfAThread)}}};
}

CallRules rules_for_namespaces() {
  CallRules rules;
  for (std::uint64_t bit = 1; bit <= kNamespaces; bit <<= 1) {
    if ((kNamespaces & bit) != 0) rules.push_back({"clone", {{0, bit, bit}}});
  }
  return rules;
}

std::vector<QuietRefusal> quiet_refusals(const NetworkAccess& network, SeccompPlan::Rest rest) {
  std::vector<QuietRefusal> quiet{{{"clone3", {}}, ENOSYS}};
  if (rest == SeccompPlan::Rest::allowed) return quiet;
  quiet.push_back({{"openat2", {}}, ENOSYS});
  // getaddrinfo() looks at the routes, and at a cache behind a socket of this host.
  if (!network.netlink)
    quiet.push_back({{"socket", {is(0, AF_NETLINK), is(2, NETLINK_ROUTE)}}, EAFNOSUPPORT});
  if (!network.unix_sockets) quiet.push_back({{"socket", {is(0, AF_UNIX)}}, EAFNOSUPPORT});
  return quiet;
}

}  // namespace ravelin::system
