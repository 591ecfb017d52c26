// The examples of policies/README.md hold, without a warning, and show every key of the language.
// A block marked "policy" is one; one marked "fragment" is wrapped into one: the sections it does
// not have come from kAround.
#include "base/io/file.h"
#include "policies/parse/parse.h"
#include "tests/base/io/table_loader.h"
#include "tests/policies/parse/facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace ravelin::policies {
namespace {

using ::testing::IsEmpty;

constexpr std::pair<std::string_view, std::string_view> kAround[] = {
    {"policy:", "policy: v1\n"},
    {"zones:",
     "zones:\n"
     "  wan: { interfaces: [eth0] }\n"
     "  lan: { interfaces: [eth1], networks: [192.168.1.0/24, \"fd00:1::/64\"] }\n"
     "  dmz: { interfaces: [eth2] }\n"},
    {"rules:", "rules:\n  host -> any: [{ allow: any }]\n"},
};

// What the examples of `include` are about.
constexpr std::string_view kSite =
    "rules:\n"
    "  lan -> host:\n"
    "    - { allow: ntp, id: site/ntp }\n"
    "    - { allow: ping, id: site/ping }\n"
    "    - { allow: https, id: site/web }\n";

struct Block {
  std::string text;
  int line;
  bool is_fragment;
};

std::vector<Block> blocks_of(std::string_view document) {
  std::vector<Block> blocks;
  bool is_inside = false;
  for (int line = 1; !document.empty(); ++line) {
    const std::size_t end = std::min(document.find('\n'), document.size());
    const std::string_view text = document.substr(0, end);
    document.remove_prefix(std::min(end + 1, document.size()));
    if (text.starts_with("```")) {
      if (!is_inside) {
        EXPECT_TRUE(text.starts_with("```yaml policy") || text.starts_with("```yaml fragment"))
            << "line " << line << " has a block that is not marked: " << text;
        blocks.push_back({"", line, text.starts_with("```yaml fragment")});
      }
      is_inside = !is_inside;
    } else if (is_inside) {
      blocks.back().text += std::string(text) + "\n";
    }
  }
  EXPECT_FALSE(is_inside);
  return blocks;
}

std::string whole(const Block& block) {
  if (!block.is_fragment) return block.text;
  std::string text = block.text;
  for (const auto& [key, section] : kAround) {
    const bool is_there = block.text.starts_with(key) ||
                          block.text.find("\n" + std::string(key)) != std::string::npos;
    if (!is_there) text += section;
  }
  return text;
}

std::string read_readme() {
  const auto readme = base::read_file(RAVELIN_SOURCE_DIR "/policies/README.md", 1024 * 1024);
  EXPECT_TRUE(readme);
  return readme ? *readme : "";
}

base::yaml::KnownKeys load(const Block& block) {
  const auto services =
      base::read_file(RAVELIN_SOURCE_DIR "/policies/library/common/services.yaml", 1024 * 1024);
  base::yaml::TableLoader loader({{"/p/main.yaml", whole(block)},
                                  {"/p/site.d/rules.yaml", std::string(kSite)},
                                  {"/lib/common/services.yaml", *services}});
  base::Diagnostics diagnostics;
  base::yaml::KnownKeys known;
  load_policy("/p/main.yaml", loader, full_facts(), diagnostics,
              {.library = "/lib", .known_keys = &known});
  for (const base::Finding& finding : diagnostics.findings())
    ADD_FAILURE() << "README.md:" << block.line << ": " << base::to_string(finding);
  return known;
}

TEST(PolicyReadme, HasExamplesThatHold) {
  const std::vector<Block> blocks = blocks_of(read_readme());
  EXPECT_GE(blocks.size(), 10U);
  for (const Block& block : blocks)
    load(block);
}

// A key is in an example, not only in the prose.
TEST(PolicyReadme, HasAnExampleOfEveryKey) {
  std::string examples;
  std::set<std::string> keys;
  for (const Block& block : blocks_of(read_readme())) {
    examples += block.text;
    for (const auto& [path, known] : load(block))
      keys.insert(known.begin(), known.end());
  }
  std::vector<std::string> missing;
  for (const std::string& key : keys) {
    const bool is_shown = examples.find(" " + key + ":") != std::string::npos ||
                          examples.find("\n" + key + ":") != std::string::npos ||
                          examples.starts_with(key + ":");
    if (!is_shown) missing.push_back(key);
  }
  EXPECT_THAT(missing, IsEmpty());
}

}  // namespace
}  // namespace ravelin::policies
