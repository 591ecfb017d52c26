#include "firewall/agent/access.h"

#include <gtest/gtest.h>

namespace ravelin::firewall {
namespace {

constexpr uid_t kAgent = 7, kGateway = 1000, kStranger = 1001;

struct ConnectionCase {
  const char* name;
  uid_t uid;
  std::size_t of_gateway, all;
  std::string_view refusal;
};

TEST(Access, ConnectionsAreForRootAndTheGatewayAndRootHasPlacesOfItsOwn) {
  const Access access({.own = kAgent, .gateway = kGateway});
  constexpr std::size_t kAll = Access::kConnectionsMax, kReserved = Access::kReservedForRoot;
  const ConnectionCase cases[] = {
      {"Root", 0, 0, 0, ""},
      {"TheAgentsOwnUser", kAgent, 0, 0, ""},
      {"TheGateway", kGateway, 0, 0, ""},
      {"AnybodyElse", kStranger, 0, 0, "only root and the gateway may ask the firewall"},
      {"TheGatewaysLast", kGateway, kAll - kReserved - 1, kAll - kReserved - 1, ""},
      {"MoreOfTheGateway", kGateway, kAll - kReserved, kAll - kReserved,
       "the gateway has as many connections as it may"},
      {"RootBesideThem", 0, kAll - kReserved, kAll - kReserved, ""},
      {"RootsLast", 0, kAll - kReserved, kAll - 1, ""},
      {"MoreThanThereArePlaces", 0, kAll - kReserved, kAll, "as many ask as may"},
      {"NoPlaceForTheGateway", kGateway, 3, kAll, "as many ask as may"},
  };
  for (const ConnectionCase& row : cases)
    EXPECT_EQ(access.refusal_of_connection({1, row.uid}, row.of_gateway, row.all), row.refusal)
        << row.name;
}

TEST(Access, WithoutAGatewayOnlyRootConnects) {
  const Access access({.own = kAgent});
  EXPECT_EQ(access.refusal_of_connection({1, 0}, 0, 0), "");
  EXPECT_EQ(access.refusal_of_connection({1, kGateway}, 0, 0),
            "only root may give commands to the firewall");
}

TEST(Access, RangesAreRootsAloneToBan) {
  using namespace std::chrono_literals;
  Access access({.own = kAgent, .gateway = kGateway});

  struct Case {
    const char* target;
    bool may_gateway;
  };

  for (const auto& [target, may_gateway] :
       {Case{"203.0.113.9", true}, Case{"203.0.113.8/31", false}, Case{"8.0.0.0/8", false},
        Case{"2001:db8::9", true}, Case{"2001:db8::/64", true}, Case{"2001:db8::/63", false}}) {
    const base::IpPrefix prefix = *base::parse_prefix(target);
    EXPECT_EQ(access.refusal_of_ban({1, kGateway}, prefix, 1s).empty(), may_gateway) << target;
    EXPECT_EQ(access.refusal_of_ban({1, 0}, prefix, 1s), "") << target;
    EXPECT_EQ(access.refusal_of_ban({1, kStranger}, prefix, 1s),
              "only root and the gateway may ban")
        << target;
  }
  Access of_root({.own = 0, .gateway = 0});
  EXPECT_EQ(of_root.refusal_of_ban({1, 0}, *base::parse_prefix("8.0.0.0/8"), 1s), "");
}

TEST(Access, AGatewayThatIsRootHasRootsPlaces) {
  const Access access({.own = 0, .gateway = 0});
  constexpr std::size_t kAlmostAll = Access::kConnectionsMax - 1;
  EXPECT_EQ(access.refusal_of_connection({1, 0}, kAlmostAll, kAlmostAll), "");
}

}  // namespace
}  // namespace ravelin::firewall
