#include "system/confine/seccomp_plan.h"

#include "system/confine/defaults.h"

#include <asm/ioctls.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/prctl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <csignal>
#include <map>

namespace ravelin::system {
namespace {

using Role = ConfinedRole;

constexpr pid_t kOwn = 4711;
constexpr std::uint64_t kUpperHalf = std::uint64_t{1} << 40;  // what the kernel does not look at

std::uint64_t bits(int value) {
  return static_cast<std::uint32_t>(value);
}

SeccompPlan plan_of(Role role) {
  return plan_seccomp(default_confinement(role, ""), kOwn);
}

Verdict judged(Role role, std::string_view call, const CallArguments& arguments = {}) {
  return judge(plan_of(role), call, arguments);
}

constexpr Role kWithLists[] = {Role::config_reader, Role::gateway, Role::keys, Role::firewall,
                               Role::certs};

struct CallCase {
  std::string_view name;
  Role role;
  std::string_view call;
  CallArguments arguments;
  Verdict verdict;
};

std::string name_of(const testing::TestParamInfo<CallCase>& test) {
  return std::string(test.param.name);
}

class RoleCalls : public testing::TestWithParam<CallCase> {};

TEST_P(RoleCalls, AreJudged) {
  const CallCase& test = GetParam();
  EXPECT_EQ(judged(test.role, test.call, test.arguments), test.verdict);
}

const CallCase kNeeded[] = {
    {"AcceptsClients", Role::gateway, "accept4", {}, Verdict::allowed},
    {"ConnectsToServers", Role::gateway, "connect", {}, Verdict::allowed},
    {"OpensFiles", Role::keys, "openat", {}, Verdict::allowed},
    {"PutsFilesIntoPlace", Role::certs, "rename", {}, Verdict::allowed},
    {"ReaderChangesNoFile", Role::config_reader, "rename", {}, Verdict::refused},
    {"NobodyTruncatesByName", Role::certs, "truncate", {}, Verdict::refused},
    {"KeysAnswerOnWhatTheyWereHanded", Role::keys, "recvmsg", {}, Verdict::allowed},
    {"KeysConnectToNobody", Role::keys, "connect", {}, Verdict::refused},
    {"KeysListenNowhere", Role::keys, "bind", {}, Verdict::refused},
    {"FirewallWaitsForItsGuard", Role::firewall, "wait4", {}, Verdict::allowed},
    {"GatewayHasNoChildren", Role::gateway, "wait4", {}, Verdict::refused},
    {"RenewalsGiveWay", Role::certs, "setpriority", {0, 17}, Verdict::allowed},
    {"GatewayGivesWayToNobody", Role::gateway, "setpriority", {0, 17}, Verdict::refused},
};

INSTANTIATE_TEST_SUITE_P(Needs, RoleCalls, testing::ValuesIn(kNeeded), name_of);

const CallCase kSockets[] = {
    {"Tcp", Role::gateway, "socket", {AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0}, Verdict::allowed},
    {"Tcp6", Role::gateway, "socket", {AF_INET6, SOCK_STREAM, IPPROTO_TCP}, Verdict::allowed},
    {"Udp", Role::gateway, "socket", {AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0}, Verdict::allowed},
    {"RawIp", Role::gateway, "socket", {AF_INET, SOCK_RAW, IPPROTO_TCP}, Verdict::refused},
    {"Ping", Role::gateway, "socket", {AF_INET, SOCK_DGRAM, IPPROTO_ICMP}, Verdict::refused},
    {"Sctp", Role::gateway, "socket", {AF_INET, SOCK_STREAM, IPPROTO_SCTP}, Verdict::refused},
    {"Frames", Role::gateway, "socket", {AF_PACKET, SOCK_RAW, 0}, Verdict::refused},
    {"Crypto", Role::gateway, "socket", {AF_ALG, SOCK_SEQPACKET, 0}, Verdict::refused},
    {"Vsock", Role::gateway, "socket", {AF_VSOCK, SOCK_STREAM, 0}, Verdict::refused},
    {"OneThatIsNetlinkToTheKernel",
     Role::gateway,
     "socket",
     {AF_NETLINK | kUpperHalf, SOCK_RAW, NETLINK_NETFILTER},
     Verdict::refused},
    {"GatewayDoesNotSpeakToTheFirewall",
     Role::gateway,
     "socket",
     {AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER},
     Verdict::refused},
    {"LibrariesTryRoutes",
     Role::gateway,
     "socket",
     {AF_NETLINK, SOCK_RAW, NETLINK_ROUTE},
     Verdict::refused_quietly},
    {"FirewallSpeaksToTheKernel",
     Role::firewall,
     "socket",
     {AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER},
     Verdict::allowed},
    {"FirewallHearsNoDevices",
     Role::firewall,
     "socket",
     {AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT},
     Verdict::refused},
    {"FirewallHasNoNetwork", Role::firewall, "socket", {AF_INET, SOCK_STREAM, 0}, Verdict::refused},
    {"KeysHaveNoNetwork", Role::keys, "socket", {AF_INET, SOCK_STREAM, 0}, Verdict::refused},
    {"KeysHaveNoSocket", Role::keys, "socket", {AF_UNIX, SOCK_STREAM, 0}, Verdict::refused_quietly},
    {"NobodyHangsRulesOnASocket",
     Role::firewall,
     "setsockopt",
     {3, IPPROTO_IP, 64},  // IPT_SO_SET_REPLACE
     Verdict::refused},
    {"NoDelay", Role::gateway, "setsockopt", {3, IPPROTO_TCP, 1}, Verdict::allowed},
    {"DrainFilter",
     Role::gateway,
     "setsockopt",
     {3, SOL_SOCKET, SO_ATTACH_FILTER},
     Verdict::allowed},
};

INSTANTIATE_TEST_SUITE_P(Sockets, RoleCalls, testing::ValuesIn(kSockets), name_of);

constexpr std::uint64_t kThread =
    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS;

const CallCase kArguments[] = {
    {"AThread", Role::gateway, "clone", {kThread}, Verdict::allowed},
    {"AChild", Role::gateway, "clone", {SIGCHLD}, Verdict::refused},
    {"AChildThatSpawns", Role::gateway, "clone", {CLONE_VM | CLONE_VFORK}, Verdict::refused},
    {"AGuard", Role::firewall, "clone", {CLONE_CHILD_SETTID | SIGCHLD}, Verdict::allowed},
    {"AGuardInItsOwnWorld", Role::firewall, "clone", {CLONE_NEWUSER | SIGCHLD}, Verdict::refused},
    {"AThreadInItsOwnWorld", Role::gateway, "clone", {kThread | CLONE_NEWNET}, Verdict::refused},
    {"FlagsNobodySees", Role::gateway, "clone3", {}, Verdict::refused_quietly},
    {"Memory", Role::gateway, "mmap", {0, 4096, PROT_READ | PROT_WRITE}, Verdict::allowed},
    {"Code", Role::gateway, "mmap", {0, 4096, PROT_READ | PROT_EXEC}, Verdict::refused},
    {"MemoryThatBecomesCode",
     Role::gateway,
     "mprotect",
     {0, 4096, PROT_READ | PROT_EXEC},
     Verdict::refused},
    {"OwnSignal", Role::gateway, "tgkill", {bits(kOwn), 1, SIGABRT}, Verdict::allowed},
    {"TheSupervisor", Role::gateway, "kill", {1, SIGTERM}, Verdict::refused},
    {"Everybody", Role::gateway, "kill", {bits(-1), SIGTERM}, Verdict::refused},
    {"TheGroup", Role::gateway, "kill", {0, SIGTERM}, Verdict::refused},
    {"SetsItsLimits", Role::gateway, "prlimit64", {0, 7, 0x1000, 0}, Verdict::allowed},
    {"LooksAtAnothersLimits", Role::gateway, "prlimit64", {1, 7, 0, 0x1000}, Verdict::refused},
    {"NamesAThread", Role::gateway, "prctl", {PR_SET_NAME}, Verdict::allowed},
    {"StaysClosed", Role::gateway, "prctl", {PR_SET_DUMPABLE, 0}, Verdict::allowed},
    {"OpensItself", Role::gateway, "prctl", {PR_SET_DUMPABLE, 1}, Verdict::refused},
    {"KeepsCapabilities", Role::gateway, "prctl", {PR_SET_KEEPCAPS, 1}, Verdict::refused},
    {"TypesIntoATerminal", Role::gateway, "ioctl", {0, TIOCSTI}, Verdict::refused},
    {"NamesInterfaces", Role::firewall, "ioctl", {3, SIOCGIFNAME}, Verdict::allowed},
    {"SetsInterfacesUp", Role::firewall, "ioctl", {3, SIOCSIFFLAGS}, Verdict::refused},
    {"HasNoInterfaces", Role::keys, "ioctl", {3, SIOCGIFNAME}, Verdict::refused},
    {"DoesNotWait", Role::gateway, "ioctl", {3, FIONBIO}, Verdict::allowed},
    {"SendsSignalsByDescriptor", Role::gateway, "fcntl", {3, F_SETOWN, 1}, Verdict::refused},
    {"Locks", Role::certs, "fcntl", {3, F_OFD_SETLK}, Verdict::allowed},
};

INSTANTIATE_TEST_SUITE_P(Arguments, RoleCalls, testing::ValuesIn(kArguments), name_of);

TEST(SeccompPlan, WhoHasAListIsEndedForWhatOnlyAnIntruderDoes) {
  for (const Role role : kWithLists) {
    for (const std::string_view call : {"execve",
                                        "execveat",
                                        "ptrace",
                                        "process_vm_readv",
                                        "process_vm_writev",
                                        "mount",
                                        "unshare",
                                        "setns",
                                        "bpf",
                                        "keyctl",
                                        "io_uring_setup",
                                        "kexec_load",
                                        "init_module",
                                        "setuid",
                                        "setresuid",
                                        "setgroups",
                                        "capset",
                                        "userfaultfd",
                                        "perf_event_open",
                                        "pidfd_getfd",
                                        "pidfd_send_signal",
                                        "open_by_handle_at"})
      EXPECT_EQ(judged(role, call), Verdict::ended) << to_string(role) << " " << call;
  }
}

TEST(SeccompPlan, WhoStartsProgramsRefusesWhatNoProgramNeeds) {
  for (const Role role : {Role::supervisor, Role::programs}) {
    EXPECT_EQ(judged(role, "execve"), Verdict::allowed);
    EXPECT_EQ(judged(role, "ptrace"), Verdict::refused);
    EXPECT_EQ(judged(role, "mount"), Verdict::refused);
    EXPECT_EQ(judged(role, "clone", {CLONE_VM | CLONE_VFORK | SIGCHLD}), Verdict::allowed);
    EXPECT_EQ(judged(role, "clone", {CLONE_NEWUSER | SIGCHLD}), Verdict::refused);
  }
}

// A filter is inherited: one call the supervisor refuses is refused to every role.
TEST(SeccompPlan, TheSupervisorRefusesNothingARoleNeeds) {
  const SeccompPlan supervisor = plan_of(Role::supervisor);
  for (const Role role : kWithLists) {
    for (const CallRule& rule : plan_of(role).rules) {
      CallArguments arguments{};
      for (const ArgumentTest& test : rule.tests)
        arguments[test.index] = test.value;
      EXPECT_EQ(judge(supervisor, rule.call, arguments), Verdict::allowed) << rule.call;
    }
  }
}

TEST(SeccompPlan, AGatewayThatStartsProgramsHasTheirFilter) {
  Confinement confinement = default_confinement(Role::gateway, "");
  confinement.starts_programs = true;
  const SeccompPlan plan = plan_seccomp(confinement, kOwn);
  EXPECT_EQ(plan.rest, SeccompPlan::Rest::allowed);
  EXPECT_EQ(count_allowed(plan), 0U);
  EXPECT_EQ(judge(plan, "ptrace", {}), Verdict::refused);
}

TEST(SeccompPlan, ModulesAreCodeFromFilesThatNobodyWrites) {
  Confinement confinement = default_confinement(Role::keys, "");
  confinement.loads_modules = true;
  const SeccompPlan plan = plan_seccomp(confinement, kOwn);
  constexpr std::uint64_t kCode = PROT_READ | PROT_EXEC;
  EXPECT_EQ(judge(plan, "mmap", {0, 4096, kCode, MAP_PRIVATE}), Verdict::allowed);
  EXPECT_EQ(judge(plan, "mmap", {0, 4096, kCode, MAP_PRIVATE | MAP_ANONYMOUS}), Verdict::refused);
  EXPECT_EQ(judge(plan, "mmap", {0, 4096, kCode | PROT_WRITE, MAP_PRIVATE}), Verdict::refused);
  EXPECT_EQ(judge(plan, "mprotect", {0, 4096, kCode}), Verdict::refused);
}

TEST(SeccompPlan, NoCallIsBothAllowedAndTheEnd) {
  for (const Role role : kWithLists) {
    const SeccompPlan plan = plan_of(role);
    for (const CallRule& rule : plan.rules)
      EXPECT_THAT(plan.ended_for, testing::Not(testing::Contains(rule.call))) << to_string(role);
  }
}

TEST(SeccompPlan, OneRuleTestsAnArgumentOnce) {
  for (const Role role : kWithLists) {
    for (const CallRule& rule : plan_of(role).rules) {
      std::map<unsigned, int> seen;
      for (const ArgumentTest& test : rule.tests) {
        EXPECT_EQ(++seen[test.index], 1) << rule.call;
        EXPECT_EQ(test.value & ~test.mask, 0U) << rule.call << ": never met";
      }
    }
  }
}

TEST(SeccompPlan, ListsAreShort) {
  EXPECT_LT(count_allowed(plan_of(Role::keys)), count_allowed(plan_of(Role::gateway)));
  for (const Role role : kWithLists)
    EXPECT_LT(count_allowed(plan_of(role)), 180U) << to_string(role);
}

}  // namespace
}  // namespace ravelin::system
