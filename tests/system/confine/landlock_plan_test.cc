#include "system/confine/landlock_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::system {
namespace {

namespace ll = landlock;
using testing::ElementsAre;
using Access = PathAccess::Access;

constexpr int kNewest = 7;

Confinement confinement() {
  Confinement wanted;
  wanted.paths = {{"/etc/ravelin", Access::read},
                  {"/var/log/ravelin", Access::read_write},
                  {"/usr/lib/checks", Access::execute, PathAccess::Presence::if_there}};
  wanted.network = {.inet = true,
                    .connect_ports = std::vector<std::uint16_t>{8080, 8443},
                    .bind_ports = std::vector<std::uint16_t>{}};
  return wanted;
}

TEST(LandlockPlan, RefusesAllThatNoPathAllows) {
  const LandlockPlan plan = plan_landlock(confinement(), kNewest);
  EXPECT_EQ(plan.files, 0xffffU) << "every right there is";
  ASSERT_EQ(plan.paths.size(), 3U);
  EXPECT_EQ(plan.paths[0].rights, ll::kReadFile | ll::kReadDirectory);
  EXPECT_EQ(plan.paths[2].rights, ll::kReadFile | ll::kReadDirectory | ll::kExecute);
  EXPECT_EQ(plan.paths[2].presence, PathAccess::Presence::if_there);
}

TEST(LandlockPlan, WhoWritesMakesNoDevicesAndStartsNothing) {
  const std::uint64_t rights = plan_landlock(confinement(), kNewest).paths[1].rights;
  EXPECT_EQ(rights & (ll::kMakeCharacterDevice | ll::kMakeBlockDevice | ll::kMakeFifo |
                      ll::kExecute | ll::kDeviceControl),
            0U);
  EXPECT_EQ(rights & (ll::kRefer | ll::kTruncate | ll::kMakeFile | ll::kWriteFile),
            ll::kRefer | ll::kTruncate | ll::kMakeFile | ll::kWriteFile);
}

TEST(LandlockPlan, PortsAreNamedOrNoneOrAny) {
  LandlockPlan plan = plan_landlock(confinement(), kNewest);
  EXPECT_EQ(plan.ports, ll::kBindTcp | ll::kConnectTcp);
  EXPECT_THAT(plan.ports_allowed,
              ElementsAre(PortRule{ll::kConnectTcp, 8080}, PortRule{ll::kConnectTcp, 8443}));
  Confinement any = confinement();
  any.network.bind_ports.reset();
  plan = plan_landlock(any, kNewest);
  EXPECT_EQ(plan.ports, ll::kConnectTcp);
}

TEST(LandlockPlan, SignalsStayInsideButOfWhoReachesOut) {
  EXPECT_EQ(plan_landlock(confinement(), kNewest).scopes, ll::kSignals | ll::kAbstractSockets);
  Confinement reaching = confinement();
  reaching.reaches_out = true;
  EXPECT_EQ(plan_landlock(reaching, kNewest).scopes, 0U);
}

TEST(LandlockPlan, WithoutPathsFilesAreLeftAlone) {
  Confinement open = confinement();
  open.paths.reset();
  EXPECT_EQ(plan_landlock(open, kNewest).files, 0U);
  EXPECT_EQ(report_landlock(open, kNewest)[0].hold, Hold::unwanted);
}

struct AbiCase {
  int abi;
  bool files, ports, signals;  // held
  std::uint64_t unknown;       // rights on files that are not asked for
};

class LandlockAbi : public testing::TestWithParam<AbiCase> {};

TEST_P(LandlockAbi, GetsWhatItKnowsAndTheReportSaysTheRest) {
  const AbiCase& test = GetParam();
  const LandlockPlan plan = plan_landlock(confinement(), test.abi);
  EXPECT_EQ(plan.files != 0, test.files);
  EXPECT_EQ(plan.files & test.unknown, 0U);
  for (const PathRule& rule : plan.paths)
    EXPECT_EQ(rule.rights & ~plan.files, 0U) << "the kernel refuses more than it was told of";
  EXPECT_EQ(plan.ports != 0, test.ports);
  EXPECT_EQ(plan.scopes != 0, test.signals);
  const auto reports = report_landlock(confinement(), test.abi);
  ASSERT_EQ(reports.size(), 3U);
  EXPECT_EQ(reports[0].hold == Hold::held, test.files);
  EXPECT_EQ(reports[1].hold == Hold::held, test.ports);
  EXPECT_EQ(reports[2].hold == Hold::held, test.signals);
}

constexpr AbiCase kAbis[] = {
    {0, false, false, false, ~0ULL},
    {1, false, false, false, ~0ULL},
    {2, true, false, false, ll::kTruncate | ll::kDeviceControl},
    {3, true, false, false, ll::kDeviceControl},
    {4, true, true, false, ll::kDeviceControl},
    {5, true, true, false, 0},
    {6, true, true, true, 0},
    {7, true, true, true, 0},
};

INSTANTIATE_TEST_SUITE_P(Kernels, LandlockAbi, testing::ValuesIn(kAbis));

TEST(LandlockReport, SaysWhatIsNeededAndWhatIsThere) {
  const auto reports = report_landlock(confinement(), 2);
  EXPECT_EQ(reports[0].text, "3 paths (Landlock 2)");
  EXPECT_EQ(reports[1].text, "needs Landlock 4 (Linux 6.7), this kernel has 2");
  EXPECT_EQ(reports[2].text, "needs Landlock 6 (Linux 6.12), this kernel has 2");
  EXPECT_EQ(report_landlock(confinement(), 0)[0].text,
            "needs Landlock 2 (Linux 5.19), this kernel has none");
  EXPECT_EQ(report_landlock(confinement(), kNewest)[1].text,
            "TCP ports: 2 to connect to, 0 to bind");
}

}  // namespace
}  // namespace ravelin::system
