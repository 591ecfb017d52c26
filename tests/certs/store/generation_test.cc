#include "certs/store/generation.h"

#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using namespace std::chrono_literals;

constexpr sys_seconds kDay = std::chrono::sys_days(std::chrono::year(2026) / 3 / 2);

GenerationInfo example() {
  return {.number = 12,
          .names = {"www.example.test", "example.test"},
          .issuer = "le",
          .reason = "renewal",
          .by = "scheduler",
          .node = "gw1",
          .made = kDay,
          .ec = PairFacts{"p256", "0A", "CN=CA", "ab", kDay - 1h, kDay + 90 * 24h, "https://ca/1"},
          .rsa = PairFacts{"rsa2048", "0B", "CN=CA", "cd", kDay, kDay + 30 * 24h, ""}};
}

TEST(Generation, IsReadAsWritten) {
  GenerationInfo info = example();
  EXPECT_EQ(*parse_generation(format_generation(info)), info);
  info.rsa.reset();
  EXPECT_EQ(*parse_generation(format_generation(info)), info);
  EXPECT_EQ(format_generation(info),
            R"({"number":12,"names":["www.example.test","example.test"],"issuer":"le",)"
            R"("reason":"renewal","by":"scheduler","node":"gw1","made":1772409600,)"
            R"("ec":{"key":"p256","serial":"0A","issuer_name":"CN=CA","spki_sha256":"ab",)"
            R"("not_before":1772406000,"not_after":1780185600,"order":"https://ca/1"}})"
            "\n");
}

TEST(Generation, ThePairThatEndsFirstDecides) {
  GenerationInfo info = example();
  EXPECT_EQ(info.not_after(), info.rsa->not_after);
  EXPECT_EQ(info.not_before(), info.rsa->not_before);
  info.rsa.reset();
  EXPECT_EQ(info.not_after(), info.ec->not_after);
  EXPECT_EQ(info.not_before(), info.ec->not_before);
}

struct DamagedRecord {
  const char* title;
  const char* from;
  const char* to;
  const char* why;
};

TEST(Generation, DamagedRecordsSayWhatIsWrong) {
  const std::string_view lacks =
      "the record of a generation lacks its number, names or certificates";
  const DamagedRecord rows[] = {
      {"CutOff", "}}\n", "}", "the record of a generation is no JSON object"},
      {"NoIssuer", "\"issuer\"", "\"x\"",
       "the record of a generation: \"issuer\" is missing or of another type"},
      {"NameIsNumber", "[\"www.example.test\"", "[1",
       "the record of a generation: \"names\" is missing or of another type"},
      {"NumberZero", "\"number\":12", "\"number\":0", lacks.data()},
      {"NoNames", "[\"www.example.test\",\"example.test\"]", "[]", lacks.data()},
      {"NoPair", "\"ec\"", "\"x\"", lacks.data()},
      {"PairIsText", "{\"key\"", "1,\"x\":{\"key\"",
       "the record of a generation: \"ec\" is missing or of another type"},
      {"PairWithoutDates", "\"not_after\"", "\"x\"",
       "the record of a certificate: \"not_after\" is missing or of another type"},
  };
  GenerationInfo info = example();
  info.rsa.reset();
  for (const DamagedRecord& row : rows) {
    std::string text = format_generation(info);
    const std::size_t at = text.find(row.from);
    ASSERT_NE(at, std::string::npos) << row.title;
    text.replace(at, std::string_view(row.from).size(), row.to);
    const auto parsed = parse_generation(text);
    ASSERT_FALSE(parsed) << row.title;
    EXPECT_EQ(parsed.error().message, row.why) << row.title;
  }
}

TEST(Generation, NumbersHaveOneText) {
  EXPECT_EQ(number_text(12), "000012");
  EXPECT_EQ(number_text(1'234'567), "1234567");
  for (const std::uint64_t number : {1ULL, 12ULL, 999'999ULL, 1'000'000ULL})
    EXPECT_EQ(*parse_number(number_text(number)), number);
  for (const char* text :
       {"", "12", "000000", "0000012", "00001x", "-00001", "000012/..", "../../x"})
    EXPECT_FALSE(parse_number(text)) << text;
}

}  // namespace
}  // namespace ravelin::certs
