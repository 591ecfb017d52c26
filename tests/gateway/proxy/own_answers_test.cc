#include "gateway/proxy/own_answers.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

TEST(ServerFault, OnlyWhatTheServerDidCountsAgainstIt) {
  for (const Reason reason :
       {Reason::connect_failed, Reason::upstream_bad_response, Reason::first_byte_timeout}) {
    EXPECT_TRUE(is_server_fault(reason)) << describe(reason).token;
  }
  for (const Reason reason :
       {Reason::client_closed, Reason::body_too_slow, Reason::overload, Reason::queue_full}) {
    EXPECT_FALSE(is_server_fault(reason)) << describe(reason).token;
  }
}

}  // namespace
}  // namespace ravelin::gateway
