#include "gateway/discovery/overrides_file.h"

#include "base/io/file.h"
#include "gateway/discovery/overrides_text.h"
#include "tests/support/test_certs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ravelin::gateway {
namespace {

using std::chrono::sys_seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr sys_seconds kFileTime{std::chrono::seconds(1'795'000'000)};

OverrideEdits drain(const std::string& server) {
  return edits_to_set_state({"web", server, OverrideKind::state}, AdminState::drain, kFileTime);
}

OverrideEdits ready(const std::string& server) {
  return edits_to_set_state({"web", server, OverrideKind::state}, AdminState::ready, kFileTime);
}

class OverridesOnDisk : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return directory_.path("overrides.json"); }

  [[nodiscard]] std::string text() const { return *base::read_file(path(), 1024 * 1024); }

  [[nodiscard]] unsigned mode() const {
    struct stat status {};

    return ::stat(path().c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
  }

  test::TempDir directory_;
};

TEST_F(OverridesOnDisk, AreThereAgain) {
  OverridesFile file(path());
  EXPECT_THAT(*file.read(), IsEmpty());
  ASSERT_TRUE(file.save(drain("a")));
  ASSERT_TRUE(file.save(drain("b")));
  EXPECT_EQ(mode(), 0600U);
  OverridesFile again(path());
  EXPECT_EQ(again.read()->size(), 2U);
  EXPECT_EQ(again.saved(), file.saved());
}

TEST_F(OverridesOnDisk, LeaveWhenTheyAreTakenBack) {
  OverridesFile file(path());
  ASSERT_TRUE(file.save(drain("a")));
  ASSERT_TRUE(file.save(ready("a")));
  EXPECT_THAT(file.saved(), IsEmpty());
  EXPECT_THAT(*OverridesFile(path()).read(), IsEmpty());
}

TEST_F(OverridesOnDisk, WrittenByHandMeanwhileAreNotLost) {
  OverridesFile file(path());
  ASSERT_TRUE(file.read());
  OverrideSet set;
  apply_edits(drain("by_hand"), set);
  directory_.write("overrides.json", format_overrides(set));
  ASSERT_TRUE(file.save(drain("a")));
  EXPECT_EQ(file.saved().size(), 2U);
}

TEST_F(OverridesOnDisk, BrokenOnesAreLeftAloneUntilTheyAreMended) {
  directory_.write("overrides.json", "{\"version\": 1, \"overrides\": [\n{\"pool\": ");
  OverridesFile file(path());
  const auto read = file.read();
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr(path() + ":2:"));
  const auto saved = file.save(drain("a"));
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code, base::Errc::conflict);
  EXPECT_THAT(saved.error().message, HasSubstr("to be mended or removed"));
  EXPECT_EQ(text(), "{\"version\": 1, \"overrides\": [\n{\"pool\": ");
  ASSERT_EQ(::unlink(path().c_str()), 0);
  EXPECT_TRUE(file.save(drain("a")));
  EXPECT_EQ(file.saved().size(), 1U);
}

TEST_F(OverridesOnDisk, ThatOthersMayWriteAreNotBelieved) {
  OverridesFile file(path());
  ASSERT_TRUE(file.save(drain("a")));
  ASSERT_EQ(::chmod(path().c_str(), 0620), 0);
  const auto read = OverridesFile(path()).read();
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("can be written by others (mode 0620)"));
  ASSERT_EQ(::chmod(path().c_str(), 0644), 0);
  ASSERT_TRUE(file.save(drain("b")));
  EXPECT_EQ(mode(), 0600U);
}

TEST_F(OverridesOnDisk, NeedAFileToBeSaved) {
  OverridesFile file("");
  EXPECT_THAT(*file.read(), IsEmpty());
  const auto saved = file.save(drain("a"));
  ASSERT_FALSE(saved);
  EXPECT_THAT(saved.error().message, HasSubstr("admin.overrides"));
}

TEST_F(OverridesOnDisk, ThatCannotBeWrittenStayAsTheyWere) {
  OverridesFile file(directory_.path("missing/overrides.json"));
  const auto saved = file.save(drain("a"));
  ASSERT_FALSE(saved);
  EXPECT_THAT(saved.error().message, HasSubstr("nothing was done"));
  EXPECT_THAT(file.saved(), IsEmpty());
}

TEST_F(OverridesOnDisk, HoldTheirLimits) {
  directory_.write("overrides.json", std::string(kOverridesBytesMax + 1, ' '));
  EXPECT_THAT(OverridesFile(path()).read().error().message, HasSubstr("is larger than"));
  OverrideSet full;
  for (std::size_t i = 0; i < kOverridesMax; ++i)
    apply_edits(drain(fmt::format("s{}", i)), full);
  directory_.write("overrides.json", format_overrides(full));
  OverridesFile file(path());
  ASSERT_EQ(file.read()->size(), kOverridesMax);
  EXPECT_FALSE(file.save(drain("one_more")));
  EXPECT_TRUE(file.save(ready("s7")));
}

}  // namespace
}  // namespace ravelin::gateway
