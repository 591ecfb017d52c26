// Whole refused policies: refused/NAME.yaml and what the operator reads, refused/NAME.txt. To
// accept new output: RAVELIN_GOLDEN=write policies_parse_test.
#include "base/io/file.h"
#include "policies/parse/parse.h"
#include "tests/policies/parse/facts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace ravelin::policies {
namespace {

const std::string kFolder = RAVELIN_SOURCE_DIR "/tests/policies/parse/refused/";

std::vector<std::string> names() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".yaml") found.push_back(entry.path().stem().string());
  }
  std::ranges::sort(found);
  return found;
}

class RefusedPolicy : public ::testing::TestWithParam<std::string> {};

TEST_P(RefusedPolicy, ReportsEverythingAtOnce) {
  base::yaml::DiskLoader loader;
  base::Diagnostics diagnostics;
  load_policy(kFolder + GetParam() + ".yaml", loader, full_facts(), diagnostics, {.library = ""});
  EXPECT_TRUE(diagnostics.has_errors());
  std::string text;
  for (const base::Finding& finding : diagnostics.findings()) {
    EXPECT_GT(finding.pos.line, 0) << finding.message;
    std::string line = base::to_string(finding);
    for (std::size_t at = line.find(kFolder); at != std::string::npos; at = line.find(kFolder))
      line.erase(at, kFolder.size());
    text += line + "\n";
  }
  const std::string golden = kFolder + GetParam() + ".txt";
  if (std::getenv("RAVELIN_GOLDEN") != nullptr) {
    ASSERT_TRUE(base::replace_file(golden, text, 0644));
  }
  const auto expected = base::read_file(golden, 1024 * 1024);
  ASSERT_TRUE(expected) << expected.error().message;
  EXPECT_EQ(text, *expected);
}

INSTANTIATE_TEST_SUITE_P(All, RefusedPolicy, ::testing::ValuesIn(names()),
                         [](const auto& row) { return row.param; });

}  // namespace
}  // namespace ravelin::policies
