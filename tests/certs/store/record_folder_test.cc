#include "certs/store/record_folder.h"

#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

namespace ravelin::certs {
namespace {

using ::testing::IsEmpty;
using Records = std::map<std::string, std::string>;

Records all_of(const std::string& folder) {
  Records records;
  each_record(folder, [&](const std::string& stem, const std::string& text) {
    records[stem] = text;
    return true;
  });
  return records;
}

TEST(RecordFolder, GivesEachRecordOnce) {
  const ravelin::test::TempDir dir;
  EXPECT_THAT(all_of(dir.path("missing")), IsEmpty());
  dir.write("a.json", "one");
  dir.write("b.c.json", "two");
  EXPECT_EQ(all_of(dir.path()), (Records{{"a", "one"}, {"b.c", "two"}}));
  EXPECT_EQ(record_file(dir.path(), "a"), dir.path("a.json"));
  EXPECT_EQ(read_record(record_file(dir.path(), "a")), "one");
}

TEST(RecordFolder, LeavesOutWhatIsNone) {
  const ravelin::test::TempDir dir;
  dir.write("a.txt", "another's");
  dir.write("a.json.new", "half written");
  dir.write("large.json", std::string(kFolderRecordBytesMax + 1, 'x'));
  std::filesystem::create_directory(dir.path("folder.json"));
  EXPECT_THAT(all_of(dir.path()), IsEmpty());
  EXPECT_EQ(read_record(dir.path("large.json")), std::nullopt);
  dir.write("just.json", std::string(kFolderRecordBytesMax, 'x'));
  EXPECT_EQ(all_of(dir.path()).size(), 1U);
}

TEST(RecordFolder, StopsWhenThereIsEnough) {
  const ravelin::test::TempDir dir;
  for (const char* name : {"a.json", "b.json", "c.json"})
    dir.write(name, "x");
  int seen = 0;
  each_record(dir.path(), [&](const std::string&, const std::string&) { return ++seen < 2; });
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace ravelin::certs
