// The collected attack and baseline cases (tests/data/http_cases.json), through scanner, parser and
// decoder, whole and in pieces.
#include "tests/gateway/http1/wire.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace ravelin::gateway::http1 {
namespace {

struct Case {
  std::string id;
  std::string proto;
  std::string expect;
  std::string bytes;
};

std::string decode_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = (bits << 6) | static_cast<unsigned>(kDigits.find(c));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>((bits >> count) & 0xff);
  }
  return out;
}

std::vector<Case> read_cases() {
  std::ifstream in(RAVELIN_SOURCE_DIR "/tests/data/http_cases.json", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::vector<Case> cases;
  const boost::json::value document = boost::json::parse(text);
  for (const auto& value : document.as_array()) {
    const auto& object = value.as_object();
    cases.push_back({std::string(object.at("id").as_string()),
                     std::string(object.at("proto").as_string()),
                     std::string(object.at("expect").as_string()),
                     decode_base64(object.at("raw_base64").as_string())});
  }
  return cases;
}

TEST(Http1Cases, RefusesWhatMustBeRefusedAndReadsWhatMustBeRead) {
  std::size_t read = 0;
  std::size_t left_for_http2 = 0;
  for (const Case& row : read_cases()) {
    if (row.proto == "h2") {
      ++left_for_http2;
      continue;
    }
    ++read;
    const WireOutcome outcome = read_requests(row.bytes, row.bytes.size());
    SCOPED_TRACE(row.id + ": " + outcome.detail);
    if (row.expect == "accept") {
      EXPECT_EQ(outcome.requests.size(), 1U);
      EXPECT_FALSE(outcome.refused());
      EXPECT_FALSE(outcome.unfinished);
    } else if (row.expect == "reject") {
      EXPECT_EQ(outcome.requests.size(), 0U);
      EXPECT_TRUE(outcome.refused());
    } else {
      ASSERT_EQ(row.expect, "reject_or_normalize");
      EXPECT_EQ(outcome.requests.size(), outcome.refused() ? 0U : 1U);
      EXPECT_FALSE(outcome.unfinished);
    }
  }
  EXPECT_EQ(read, 93U);
  EXPECT_EQ(left_for_http2, 19U);
}

TEST(Http1Cases, EndTheSameHoweverTheBytesArrive) {
  for (const Case& row : read_cases()) {
    if (row.proto == "h2") continue;
    const WireOutcome whole = read_requests(row.bytes, row.bytes.size());
    for (const std::size_t piece : {1, 2, 3, 7, 16, 61}) {
      EXPECT_EQ(read_requests(row.bytes, piece), whole) << row.id << " in pieces of " << piece;
    }
  }
}

}  // namespace
}  // namespace ravelin::gateway::http1
