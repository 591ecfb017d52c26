#include "certs/backup/entries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ravelin::certs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Remembers what it was told.
class Told final : public EntryReader::Sink {
 public:
  Result<> begin(const BackupEntry& entry) override {
    lines.push_back(fmt::format("{} {:o}", entry.path, entry.mode));
    return {};
  }

  Result<> content(std::string_view bytes) override {
    text += bytes;
    return {};
  }

  Result<> link(const BackupEntry& entry, const std::string& target) override {
    lines.push_back(entry.path + " -> " + target);
    return {};
  }

  Result<> end_file() override {
    lines.push_back("= " + std::exchange(text, {}));
    return {};
  }

  std::vector<std::string> lines;
  std::string text;
};

std::string entry(EntryKind kind, std::uint16_t mode, const std::string& path,
                  const std::string& content = "") {
  return format_entry_head({kind, mode, path, content.size()}) + content;
}

std::string end(std::uint64_t entries) {
  return format_entry_head({.bytes = entries});
}

std::string small_backup() {
  return entry(EntryKind::folder, 0700, "gateway/certs") +
         entry(EntryKind::folder, 0700, "gateway/certs/a.test") +
         entry(EntryKind::file, 0600, "gateway/certs/a.test/want.json", "{}") +
         entry(EntryKind::file, 0644, "gateway/certs/a.test/empty") +
         entry(EntryKind::link, 0, "gateway/certs/a.test/current", "gen/000001") + end(5);
}

// Why it is refused; "" = it is not.
std::string why(const std::string& bytes, std::size_t piece = 7) {
  Told told;
  EntryReader reader(told);
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    if (const auto taken = reader.take(std::string_view(bytes).substr(at, piece)); !taken)
      return taken.error().message;
  const auto whole = reader.finish();
  return whole ? "" : whole.error().message;
}

TEST(BackupEntries, AreTheSameInPiecesOfAnySize) {
  const std::string bytes = small_backup();
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    Told told;
    EntryReader reader(told);
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      ASSERT_TRUE(reader.take(std::string_view(bytes).substr(at, piece))) << piece;
    ASSERT_TRUE(reader.finish());
    EXPECT_EQ(reader.entries(), 5U);
    EXPECT_THAT(told.lines, ElementsAre("gateway/certs 700", "gateway/certs/a.test 700",
                                        "gateway/certs/a.test/want.json 600", "= {}",
                                        "gateway/certs/a.test/empty 644", "= ",
                                        "gateway/certs/a.test/current -> gen/000001"));
  }
}

TEST(BackupEntries, CutOffAnywhereTheyAreNotWhole) {
  const std::string bytes = small_backup();
  EXPECT_EQ(why(bytes), "");
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(why(bytes.substr(0, size)), "it is cut off") << size;
  EXPECT_EQ(why(bytes + "x"), "something follows its end");
  EXPECT_THAT(why(entry(EntryKind::folder, 0700, "gateway/certs") + end(2)),
              HasSubstr("its end says 2 entries, 1 have come"));
}

struct PathCase {
  EntryKind kind;
  std::uint16_t mode;
  const char* path;
  const char* why;  // part of it; "" = taken
};

constexpr PathCase kPathCases[] = {
    {EntryKind::folder, 0700, "ca", ""},
    {EntryKind::file, 0600, "ca/root.key", ""},
    {EntryKind::file, 0600, "accounts/my ca/key.pem", ""},
    {EntryKind::folder, 0500, "gateway/certs/+.a.test/gen/000001", ""},
    {EntryKind::file, 0600, "", "no path within a store"},
    {EntryKind::file, 0600, "/etc/passwd", "no path within a store"},
    {EntryKind::file, 0600, "ca/../../x", "no path within a store"},
    {EntryKind::file, 0600, "..", "no path within a store"},
    {EntryKind::file, 0600, "ca/./x", "no path within a store"},
    {EntryKind::file, 0600, "ca//x", "no path within a store"},
    {EntryKind::file, 0600, "ca/", "no path within a store"},
    {EntryKind::file, 0600, "ca/a\nb", "no path within a store"},
    {EntryKind::file, 0640, "ca/x", ""},
    {EntryKind::file, 0660, "ca/x", "open to others"},
    {EntryKind::file, 0755, "ca/x", "open to others"},
    {EntryKind::file, 04600, "ca/x", "open to others"},
    {EntryKind::folder, 0750, "ca", "open to others"},
    {EntryKind::folder, 01700, "ca", "open to others"},
    {EntryKind::link, 0, "ca/root.pem", "may be no link"},
    {EntryKind::link, 0, "gateway/certs/a.test/gen", "may be no link"},
    {EntryKind::link, 0, "gateway/certs/a.test/gen/current", "may be no link"},
    {EntryKind::link, 0, "current", "may be no link"},
    {EntryKind::file, 0600, "gateway/certs/a.test/current", "can only be a link"},
    {EntryKind::file, 0600, "gateway/certs/a.test/current/ec.key", "can only be a link"},
    {EntryKind::folder, 0700, "gateway/certs/A.test", "no folder of a certificate"},
    {EntryKind::folder, 0700, "gateway/certs/a b", "no folder of a certificate"},
    {EntryKind::folder, 0500, "private/keys/a.test/000001", ""},
    {EntryKind::file, 0600, "private/keys/a.test/000001/ec.key", ""},
    {EntryKind::link, 0, "private/keys/a.test/current", "may be no link"},
    {EntryKind::folder, 0700, "private/keys/a b", "no folder of a certificate"},
    {EntryKind::file, 0600, "gateway/journal", "nothing a backup has"},
    {EntryKind::file, 0600, "gateway/journal.cut", "nothing a backup has"},
    {EntryKind::file, 0600, "gateway/challenges/x.json", "nothing a backup has"},
    {EntryKind::file, 0600, "gateway/certs/.gone-1", "nothing a backup has"},
    {EntryKind::file, 0600, "private/pending/.placeholder-1/plan.json", "nothing a backup has"},
    {EntryKind::file, 0600, "crls/x.crl", "nothing a backup has"},
    {EntryKind::file, 0600, "FORMAT", "nothing a backup has"},
    {EntryKind::file, 0600, "locks/a.test", "nothing a backup has"},
    {EntryKind::file, 0600, "gateway/public.bin", "nothing a backup has"},
    {EntryKind::file, 0600, "private/keys-0123456789abcdef.bin", "nothing a backup has"},
};

TEST(BackupEntries, GoNowhereElseAndAreNobodyElses) {
  for (const PathCase& row : kPathCases) {
    const auto checked = check_entry({row.kind, row.mode, row.path, 0});
    if (*row.why == '\0')
      EXPECT_TRUE(checked) << row.path << ": " << checked.error().message;
    else
      EXPECT_THAT(checked ? "taken" : checked.error().message, HasSubstr(row.why)) << row.path;
  }
  EXPECT_FALSE(check_entry({EntryKind::file, 0600, std::string(2000, 'a'), 0}));
  EXPECT_FALSE(check_entry({EntryKind::file, 0600, "ca/x", kEntryBytesMax + 1}));
  EXPECT_FALSE(check_entry({EntryKind::folder, 0700, "ca", 1}));
}

TEST(BackupEntries, LinksPointToGenerationsAlone) {
  EXPECT_TRUE(check_target("gen/000012"));
  for (const char* target : {"", "gen/", "gen/12", "gen/000000", "gen/000001/x", "../x", "/etc",
                             "gen/../../x", "000001"})
    EXPECT_FALSE(check_target(target)) << target;
  EXPECT_THAT(
      why(entry(EntryKind::link, 0, "gateway/certs/a.test/current", "../b.test/gen/000001")),
      HasSubstr("no generation"));
  EXPECT_THAT(why(entry(EntryKind::link, 0, "gateway/certs/a.test/current", std::string(65, 'g'))),
              HasSubstr("may be no link"));
}

}  // namespace
}  // namespace ravelin::certs
