#include "system/derive/source_address.h"

#include <gtest/gtest.h>

namespace ravelin::system {
namespace {

TEST(SourceAddress, TowardsLoopbackIsLoopback) {
  const auto found = source_address(*base::parse_ip("127.0.0.9"));
  ASSERT_TRUE(found);
  EXPECT_EQ("127.0.0.1", base::to_string(*found));
}

TEST(SourceAddress, WithoutAWayIsAnErrorThatNamesTheTarget) {
  // The kernel lets nobody connect to the broadcast address who has not asked for it.
  const auto found = source_address(*base::parse_ip("255.255.255.255"));
  ASSERT_FALSE(found);
  EXPECT_NE(std::string::npos, found.error().message.find("the way to 255.255.255.255"));
}

}  // namespace
}  // namespace ravelin::system
