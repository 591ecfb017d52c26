#include "certs/store/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using ::testing::ElementsAre;

HistoryEntry entry(std::string event, std::uint64_t generation) {
  return {std::chrono::sys_days(std::chrono::year(2026) / 3 / 2),
          std::move(event),
          generation,
          "root",
          "gw1",
          "said \"no\"\nand left"};
}

TEST(History, IsReadAsWrittenALineEach) {
  const HistoryEntry first = entry("issue", 1);
  const HistoryEntry second = entry("failed", 0);
  const std::string line = format_entry(first);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_THAT(parse_history(line + "\n" + format_entry(second) + "\n"), ElementsAre(first, second));
  EXPECT_TRUE(parse_history("").empty());
}

TEST(History, WhatAnIssuerHasSignedIsCounted) {
  HistoryEntry signed_entry = entry("renewal", 4);
  signed_entry.issuer = "le";
  signed_entry.orders = 2;
  signed_entry.replacing = 1;
  EXPECT_THAT(parse_history(format_entry(signed_entry)), ElementsAre(signed_entry));
}

TEST(History, WhomAFailureWaitsForIsKept) {
  HistoryEntry failed = entry("failed", 4);
  failed.waits_for = "le";
  failed.waits_until = failed.at + std::chrono::hours(2);
  EXPECT_THAT(parse_history(format_entry(failed)), ElementsAre(failed));
}

TEST(History, DamagedLinesAreLeftOut) {
  const HistoryEntry good = entry("rotate", 2);
  const std::string line = format_entry(good);
  const std::string text = line + "\n" + line.substr(0, line.size() / 2) + "\n\nnonsense\n" +
                           R"({"at":1})" + "\n" + line + "\n" + line.substr(0, line.size() - 1);
  EXPECT_THAT(parse_history(text), ElementsAre(good, good));
}

}  // namespace
}  // namespace ravelin::certs
