#include "system/confine/capabilities.h"
#include "system/confine/confinement.h"
#include "system/confine/defaults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>

namespace ravelin::system {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

ConfinementReport report() {
  return {ConfinedRole::gateway,
          {{Mechanism::user, Hold::held, "user ravelin"},
           {Mechanism::files, Hold::held, "4 paths (Landlock 7)"},
           {Mechanism::ports, Hold::unwanted, "any TCP port"}}};
}

TEST(ConfinementReport, IsCompleteWhenNothingAskedForIsMissing) {
  ConfinementReport given = report();
  EXPECT_TRUE(is_complete(given));
  EXPECT_THAT(gaps_of(given), IsEmpty());
  given.mechanisms.push_back({Mechanism::signals, Hold::missing, "needs Landlock 6"});
  EXPECT_FALSE(is_complete(given));
  EXPECT_THAT(gaps_of(given), ElementsAre("signals: needs Landlock 6"));
}

TEST(ConfinementReport, TheSummaryHidesNothing) {
  ConfinementReport given = report();
  given.mechanisms.push_back({Mechanism::signals, Hold::missing, "needs Landlock 6"});
  EXPECT_EQ(summary_of(given),
            "user ravelin, 4 paths (Landlock 7), ports open (any TCP port), signals MISSING "
            "(needs Landlock 6)");
}

TEST(MayDo, SaysWhatIsLeft) {
  Confinement confinement;
  confinement.paths = {{"/etc/ravelin"},
                       {"/run/ravelin", PathAccess::Access::read_write},
                       {"/var/log/ravelin", PathAccess::Access::read_write}};
  confinement.network = {.unix_sockets = true,
                         .inet = true,
                         .connect_ports = std::vector<std::uint16_t>{8080},
                         .bind_ports = std::vector<std::uint16_t>{}};
  confinement.kept_capabilities = {CAP_NET_BIND_SERVICE};
  EXPECT_THAT(may_do(confinement),
              ElementsAre("reads /etc/ravelin", "writes /run/ravelin /var/log/ravelin",
                          "makes sockets: unix inet", "connects to TCP ports 8080",
                          "binds no TCP port", "has net_bind_service", "starts no program"));
}

TEST(MayDo, SaysSoOfWhoIsNotLimited) {
  const auto lines = may_do(default_confinement(ConfinedRole::supervisor, ""));
  EXPECT_THAT(lines, Contains("opens whatever its user may"));
  EXPECT_THAT(lines, Contains("starts programs"));
}

TEST(Account, LeavesOutWhatEveryProcessMayRead) {
  Confinement confinement = default_confinement(ConfinedRole::keys, "");
  confinement.paths->push_back({"/etc/ravelin"});
  const ConfinementReport report{ConfinedRole::keys, {{Mechanism::files, Hold::held, "files"}}};
  EXPECT_EQ(account_of(report, confinement),
            "files\nreads /etc/ravelin\nmakes no socket\nstarts no program");
}

TEST(Account, SaysThatWhatIsNotHeldIsLeft) {
  Confinement confinement = default_confinement(ConfinedRole::firewall, "");
  allow_names(confinement);
  ConfinementReport report{ConfinedRole::firewall,
                           {{Mechanism::files, Hold::missing, "no Landlock"},
                            {Mechanism::ports, Hold::missing, "needs Landlock 4"}}};
  const std::string account = account_of(report, confinement);
  EXPECT_THAT(account, HasSubstr("\nopens whatever its user may\n"));
  EXPECT_THAT(account, HasSubstr("\nconnects to any TCP port\nbinds any TCP port\n"));
}

TEST(Capabilities, HaveNames) {
  EXPECT_EQ(capability_words(0), "none");
  EXPECT_EQ(capability_words(capability_set({CAP_NET_ADMIN, CAP_NET_BIND_SERVICE})),
            "net_bind_service net_admin");
  EXPECT_EQ(capability_words(capability_set({CAP_SYS_ADMIN})), "21");
}

TEST(Defaults, EachRoleHasTheLeast) {
  const auto of = [](ConfinedRole role) { return default_confinement(role, "ravelin"); };
  EXPECT_THAT(of(ConfinedRole::gateway).kept_capabilities, IsEmpty());
  EXPECT_THAT(of(ConfinedRole::keys).kept_capabilities, IsEmpty());
  EXPECT_EQ(of(ConfinedRole::keys).network, NetworkAccess{});
  EXPECT_EQ(of(ConfinedRole::config_reader).network, NetworkAccess{});
  EXPECT_THAT(of(ConfinedRole::firewall).kept_capabilities, ElementsAre(CAP_NET_ADMIN));
  EXPECT_FALSE(of(ConfinedRole::firewall).network.inet);
  EXPECT_FALSE(of(ConfinedRole::certs).network.netlink);
  for (const ConfinedRole role :
       {ConfinedRole::config_reader, ConfinedRole::gateway, ConfinedRole::keys,
        ConfinedRole::firewall, ConfinedRole::certs}) {
    const Confinement confinement = of(role);
    ASSERT_TRUE(confinement.paths.has_value()) << to_string(role);
    EXPECT_FALSE(confinement.hands_on_capabilities);
    EXPECT_FALSE(confinement.reaches_out);
    for (const PathAccess& path : *confinement.paths) {
      EXPECT_EQ(path.presence, PathAccess::Presence::if_there) << path.path;
      EXPECT_NE(path.path, "/etc");
      EXPECT_TRUE(path.access == PathAccess::Access::read || path.path == "/dev/null") << path.path;
    }
  }
}

TEST(Defaults, OnlyTheSupervisorHandsCapabilitiesOn) {
  const Confinement supervisor = default_confinement(ConfinedRole::supervisor, "");
  EXPECT_TRUE(supervisor.hands_on_capabilities);
  for (const unsigned needed : default_confinement(ConfinedRole::firewall, "").kept_capabilities)
    EXPECT_THAT(supervisor.kept_capabilities, Contains(needed));
  EXPECT_THAT(supervisor.kept_capabilities, Not(Contains(CAP_SYS_ADMIN)));
}

TEST(Defaults, WhoLooksUpNamesSpeaksToNameServersAlone) {
  Confinement firewall = default_confinement(ConfinedRole::firewall, "");
  allow_names(firewall);
  EXPECT_THAT(may_do(firewall), Contains("connects to TCP ports 53"));
  EXPECT_THAT(may_do(firewall), Contains("binds no TCP port"));
  EXPECT_THAT(*firewall.paths, Contains(PathAccess{"/etc/resolv.conf", PathAccess::Access::read,
                                                   PathAccess::Presence::if_there}));
}

TEST(Defaults, ModulesAndProgramsAreAddedWhereTheConfigurationHasThem) {
  Confinement keys = default_confinement(ConfinedRole::keys, "");
  const std::size_t before = keys.paths->size();
  allow_modules(keys);
  EXPECT_TRUE(keys.loads_modules);
  EXPECT_TRUE(keys.network.unix_sockets);
  EXPECT_GT(keys.paths->size(), before);
  Confinement gateway = default_confinement(ConfinedRole::gateway, "");
  const std::vector<std::string> programs{"/opt/checks/queue"};
  allow_programs(gateway, programs);
  EXPECT_TRUE(gateway.starts_programs);
  EXPECT_THAT(*gateway.paths,
              Contains(PathAccess{"/opt/checks/queue", PathAccess::Access::execute}));
  EXPECT_THAT(may_do(gateway), Contains("starts programs"));
}

TEST(ConfinedRole, HasAWord) {
  EXPECT_EQ(to_string(ConfinedRole::config_reader), "config_reader");
  EXPECT_EQ(to_string(ConfinedRole::programs), "programs");
  EXPECT_EQ(to_string(Mechanism::system_calls), "system_calls");
}

}  // namespace
}  // namespace ravelin::system
