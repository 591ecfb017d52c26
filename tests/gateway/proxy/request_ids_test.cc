#include "gateway/proxy/request_ids.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace ravelin::gateway {
namespace {

TEST(RequestIds, AreHexAndUniqueWithinAndBetweenWorkers) {
  RequestIds first;
  RequestIds second;
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) {
    for (RequestIds* ids : {&first, &second}) {
      const RequestId id = ids->next();
      EXPECT_EQ(text_of(id).find_first_not_of("0123456789abcdef"), std::string_view::npos);
      EXPECT_TRUE(seen.emplace(text_of(id)).second);
    }
  }
}

}  // namespace
}  // namespace ravelin::gateway
