#include "gateway/http1/trailers.h"

#include <gtest/gtest.h>

namespace ravelin::gateway::http1 {
namespace {

TEST(Trailers, ForwardOnlyFieldsThatDecideNothing) {
  struct Row {
    std::string_view name;
    bool forwarded;
  };

  const Row rows[] = {
      {"Grpc-Status", true},
      {"X-Checksum", true},
      {"Digest", true},
      {"ETag", true},
      {"Server-Timing", true},
      {"Transfer-Encoding", false},
      {"content-length", false},
      {"Host", false},
      {"Authorization", false},
      {"Cookie", false},
      {"Set-Cookie", false},
      {"X-Forwarded-For", false},
      {"x-forwarded-anything", false},
      {"X-Real-IP", false},
      {"Content-Type", false},
      {"Content-Security-Policy", false},
      {"Connection", false},
      {"Cache-Control", false},
      {"Expect", false},
      {"Via", false},
      {"Proxy-Anything", false},
      {"Sec-Fetch-Mode", false},
      {"If-Something", false},
      {"Accept-CH", false},
      {"Access-Control-Allow-Origin", false},
      {"X_Real_IP", false},
      {"my_sum", false},
  };
  for (const Row& row : rows) {
    const Field field{find_field(row.name), row.name, "v"};
    EXPECT_EQ(is_forwardable_trailer(field), row.forwarded) << row.name;
  }
}

TEST(Trailers, NoKnownFieldPassesBesideTwo) {
  for (std::size_t i = 1; i < kFieldIdCount; ++i) {
    const auto id = static_cast<FieldId>(i);
    EXPECT_EQ(is_forwardable_trailer({id, to_string(id), "v"}),
              id == FieldId::etag || id == FieldId::server_timing)
        << to_string(id);
  }
}

TEST(Trailers, KeepsTheForwardableLinesOfABlock) {
  std::string block = "Host: a\r\nA: b\r\nCookie: c\r\nD:e\r\nVia: f\r\n";
  ASSERT_TRUE(keep_forwardable(block).ok());
  EXPECT_EQ(block, "A: b\r\nD:e\r\n");
  FieldList fields;
  read_trailers(block, fields);
  ASSERT_EQ(fields.size(), 2U);
  EXPECT_EQ(fields[0].value, "b");
  EXPECT_EQ(fields[1].name, "D");
  std::string empty;
  EXPECT_TRUE(keep_forwardable(empty).ok());
}

}  // namespace
}  // namespace ravelin::gateway::http1
