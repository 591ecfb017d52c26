// Whole refused files: refused/NAME.yaml and what the operator reads, refused/NAME.txt. To accept
// new output: RAVELIN_GOLDEN=write gateway_config_test.
#include "base/io/file.h"
#include "gateway/config/parse.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace ravelin::gateway {
namespace {

const std::string kFolder = RAVELIN_SOURCE_DIR "/tests/gateway/config/refused/";

std::vector<std::string> names() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".yaml") found.push_back(entry.path().stem().string());
  }
  std::ranges::sort(found);
  return found;
}

class Refused : public ::testing::TestWithParam<std::string> {};

TEST_P(Refused, ReportsEverythingAtOnce) {
  base::yaml::DiskLoader loader;
  base::Diagnostics diagnostics;
  load_config(kFolder + GetParam() + ".yaml", loader, diagnostics);
  EXPECT_TRUE(diagnostics.has_errors());
  std::string text;
  for (const base::Finding& finding : diagnostics.findings()) {
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

INSTANTIATE_TEST_SUITE_P(All, Refused, ::testing::ValuesIn(names()),
                         [](const auto& row) { return row.param; });

}  // namespace
}  // namespace ravelin::gateway
