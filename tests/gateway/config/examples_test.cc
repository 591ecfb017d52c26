// The examples of the documentation are configurations that hold, and the document names every key.
#include "base/io/file.h"
#include "gateway/config/parse.h"
#include "gateway/config/show.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace ravelin::gateway {
namespace {

using ::testing::IsEmpty;

const std::string kDocs = RAVELIN_SOURCE_DIR "/docs/";

ParsedConfig load_clean(const std::string& path) {
  base::yaml::DiskLoader loader;
  base::Diagnostics diagnostics;
  ParsedConfig parsed = load_config(path, loader, diagnostics);
  std::string findings;
  for (const base::Finding& finding : diagnostics.findings())
    findings += base::to_string(finding) + "\n";
  EXPECT_THAT(findings, IsEmpty()) << path;
  return parsed;
}

std::string config_part(const ParsedConfig& parsed) {
  const std::string json = show_config_json(parsed);
  const std::size_t begin = json.find("\"config\":");
  return json.substr(begin, json.find(",\"origins\":") - begin);
}

TEST(Examples, AllHoldWithoutAWarning) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kDocs + "examples")) {
    if (entry.path().extension() != ".yaml") continue;
    load_clean(entry.path().string());
    ++count;
  }
  EXPECT_GE(count, 3);
}

// No value of the full example is a default: it really has every key, show knows every key the
// parser knows, and both spell them alike.
TEST(Examples, FullOneLeavesNothingToDefaults) {
  const std::string shown = show_config(load_clean(kDocs + "examples/full.yaml"));
  std::string defaults;
  for (std::size_t at = 0; at < shown.size();) {
    const std::size_t end = shown.find('\n', at);
    const std::string line = shown.substr(at, end - at);
    if (line.ends_with("# default")) defaults += line + "\n";
    at = end + 1;
  }
  EXPECT_EQ(defaults, "");
}

TEST(Examples, FullOneIsReadBackFromShow) {
  const ParsedConfig parsed = load_clean(kDocs + "examples/full.yaml");
  const std::string path = ::testing::TempDir() + "ravelin-shown.yaml";
  ASSERT_TRUE(base::replace_file(path, show_config(parsed), 0600));
  const ParsedConfig again = load_clean(path);
  EXPECT_EQ(config_part(again), config_part(parsed));
  std::filesystem::remove(path);
}

TEST(Documentation, NamesEveryKey) {
  const ParsedConfig parsed = load_clean(kDocs + "examples/full.yaml");
  const auto document = base::read_file(kDocs + "configuration.md", 1024 * 1024);
  ASSERT_TRUE(document);
  for (const auto& [path, pos] : parsed.origins) {
    if (path.empty() || path.ends_with(']')) continue;
    const std::string key = path.substr(path.rfind('.') + 1);
    EXPECT_NE(document->find("`" + key + "`"), std::string::npos) << path;
  }
}

}  // namespace
}  // namespace ravelin::gateway
