#include "certs/ca/records.h"

#include "certs/ca/issued_log.h"
#include "certs/store/record_lines.h"
#include "tests/certs/ca/ca_lab.h"

#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using std::chrono::hours;

const auto kDay = std::chrono::sys_days(std::chrono::year(2026) / 3 / 2);

IssuedRecord issued(const std::string& serial, std::chrono::sys_seconds not_after) {
  return {.serial = serial,
          .issuer = "0F",
          .key = "ab",
          .names = {"www.dev.test", "10.0.0.1"},
          .profile = "server",
          .issued_at = kDay,
          .not_after = not_after,
          .order = "own-ca/" + serial};
}

TEST(Records, AreReadAsWritten) {
  const IssuedRecord record = issued("0A1B", kDay + hours(1));
  EXPECT_EQ(format_record(record),
            R"({"serial":"0A1B","names":["www.dev.test","10.0.0.1"],"profile":"server",)"
            R"("issued_at":"2026-03-02T00:00:00Z","not_after":"2026-03-02T01:00:00Z",)"
            R"("issuer":"0F","key":"ab","order":"own-ca/0A1B"})");
  EXPECT_EQ(*parse_issued(format_record(record)), record);
  const RevokedRecord revoked{.serial = "0A1B",
                              .issuer = "0F",
                              .key = "ab",
                              .reason = RevocationReason::key_compromise,
                              .revoked_at = kDay,
                              .not_after = kDay + hours(1)};
  EXPECT_EQ(*parse_revoked(format_record(revoked)), revoked);
}

TEST(Records, DamagedOnesSayWhere) {
  const auto why = [](std::string_view line) {
    const auto record = parse_revoked(line);
    return record ? "read" : record.error().message;
  };
  const std::string good = format_record(RevokedRecord{.serial = "0A"});
  EXPECT_EQ(why(good), "read");
  EXPECT_EQ(why(""), "not a JSON object");
  EXPECT_EQ(why("[]"), "not a JSON object");
  EXPECT_EQ(why(good.substr(0, good.size() - 1)), "not a JSON object");
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  EXPECT_EQ(why(with("\"0A\"", "\"0a\"")), "serial: missing or damaged");
  EXPECT_EQ(why(with("\"0A\"", "10")), "serial: missing or damaged");
  EXPECT_EQ(why(with("unspecified", "bored")), "reason: missing or damaged");
  EXPECT_EQ(why(with("1970-01-01T00:00:00Z", "yesterday")), "revoked_at: missing or damaged");
  EXPECT_EQ(why(with("\"key\"", "\"kye\"")), "key: missing or damaged");
  EXPECT_EQ(parse_issued(R"({"serial":"0A","names":[1]})").error().message,
            "names: missing or damaged");
}

TEST(Records, ReasonsHaveWords) {
  for (const auto reason :
       {RevocationReason::unspecified, RevocationReason::key_compromise,
        RevocationReason::affiliation_changed, RevocationReason::superseded,
        RevocationReason::cessation_of_operation, RevocationReason::privilege_withdrawn})
    EXPECT_EQ(*parse_revocation_reason(text_of(reason)), reason);
  EXPECT_EQ(parse_revocation_reason("bored").error().message,
            "\"bored\" is no reason for a revocation (unspecified, key-compromise, "
            "affiliation-changed, superseded, cessation-of-operation, privilege-withdrawn)");
}

TEST(IssuedLog, DropsWhatHasEndedOnceItHasGrown) {
  const ravelin::test::TempDir dir;
  const auto folder = CaFolder::make(dir.path("ca"));
  ASSERT_TRUE(folder);
  std::string text;
  const std::string old = format_record(issued("0A", kDay)) + "\n";
  while (text.size() < std::size_t{4} * 1024 * 1024)
    text += old;
  text += "damaged\n" + format_record(issued("0B", kDay + hours(24 * 60))) + "\n";
  const std::string file = folder->path("issued.jsonl");
  test::write_text(file, text);
  // A month is left to look at them.
  ASSERT_TRUE(add_issued(*folder, issued("0C", kDay + hours(24 * 40)), kDay + hours(24 * 29)));
  EXPECT_GT(read_lines(file)->size(), 10'000U);
  ASSERT_TRUE(add_issued(*folder, issued("0D", kDay + hours(24 * 50)), kDay + hours(24 * 30)));
  const auto lines = read_lines(file);
  ASSERT_EQ(lines->size(), 4U);
  EXPECT_EQ((*lines)[0], "damaged");
  EXPECT_EQ(parse_issued((*lines)[1])->serial, "0B");
  EXPECT_EQ(parse_issued((*lines)[3])->serial, "0D");
  EXPECT_EQ(read_issued(*folder).error().message, file + ":1: not a JSON object");
}

TEST(IssuedLog, RecordsASerialOnce) {
  const ravelin::test::TempDir dir;
  const auto folder = CaFolder::make(dir.path("ca"));
  ASSERT_TRUE(folder);
  for (const char* serial : {"0A", "0B", "0A"})
    ASSERT_TRUE(add_issued_once(*folder, issued(serial, kDay), kDay));
  EXPECT_EQ(read_issued(*folder)->size(), 2U);
}

}  // namespace
}  // namespace ravelin::certs
