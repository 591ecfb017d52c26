#include "gateway/upstream/quarantine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ServerStanding standing(bool is_quarantined, std::initializer_list<std::string_view> addresses) {
  AddressList list;
  for (const std::string_view text : addresses)
    list.push_back(to_socket_address(std::get<base::IpEndpoint>(*base::parse_endpoint(text))));
  return {is_quarantined, std::make_shared<const AddressList>(std::move(list))};
}

std::vector<std::string> quarantined_of(const std::vector<ServerStanding>& servers) {
  std::vector<std::string> texts;
  for (const base::IpEndpoint& endpoint : quarantined(servers))
    texts.push_back(base::to_string(endpoint));
  return texts;
}

TEST(QuarantineStates, AreTheOnesThePoolNames) {
  PoolConfig pool;
  pool.quarantine = {QuarantineState::ejected, QuarantineState::maint};
  for (const std::string_view state : {"ejected", "maint"})
    EXPECT_TRUE(is_quarantined(pool, state)) << state;
  for (const std::string_view state : {"up", "down", "drain", "unresolved"})
    EXPECT_FALSE(is_quarantined(pool, state)) << state;
  EXPECT_FALSE(is_quarantined({}, "ejected"));
}

TEST(QuarantinedAddresses, AreAllThoseOfAServerThatIsCutOff) {
  EXPECT_THAT(quarantined_of({standing(true, {"10.0.0.6:80", "[fd00::6]:80"}),
                              standing(false, {"10.0.0.5:80"}), standing(true, {})}),
              ElementsAre("10.0.0.6:80", "[fd00::6]:80"));
}

TEST(QuarantinedAddresses, AreNotThoseAnotherServerStillNeeds) {
  EXPECT_THAT(quarantined_of({standing(true, {"10.0.0.5:80", "10.0.0.6:80"}),
                              standing(false, {"10.0.0.5:80"})}),
              ElementsAre("10.0.0.6:80"));
  EXPECT_THAT(quarantined_of({standing(false, {"10.0.0.5:80"}), standing(true, {"10.0.0.5:80"})}),
              IsEmpty());
  EXPECT_THAT(quarantined_of({standing(true, {"10.0.0.5:80"}), standing(true, {"10.0.0.5:80"}),
                              standing(false, {"10.0.0.5:81"})}),
              ElementsAre("10.0.0.5:80"));
}

TEST(QuarantinedAddresses, AreNoneOfThisHostItself) {
  ServerStanding local{true, std::make_shared<const AddressList>(AddressList{
                                 to_socket_address(base::UnixEndpoint{"/run/app.sock"})})};
  EXPECT_THAT(quarantined_of({standing(true, {"127.0.0.1:80", "[::1]:80"}), local}), IsEmpty());
}

}  // namespace
}  // namespace ravelin::gateway
