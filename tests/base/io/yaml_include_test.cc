#include "base/io/yaml_include.h"

#include "tests/base/io/table_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace ravelin::base::yaml {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Loaded {
  Tree tree;
  std::vector<std::string> findings;
};

Loaded load(std::map<std::string, std::string> files, const IncludeLimits& limits = {}) {
  TableLoader loader(std::move(files));
  Diagnostics diagnostics;
  Loaded loaded{load_tree("/c/main.yaml", loader, limits, diagnostics), {}};
  for (const Finding& finding : diagnostics.findings())
    loaded.findings.push_back(to_string(finding));
  return loaded;
}

const TreeNode* find(const TreeNode& map, std::string_view key) {
  for (const Member& member : map.members)
    if (member.key == key) return &member.value;
  return nullptr;
}

TEST(YamlInclude, AppendsListsAndMergesMaps) {
  const Loaded loaded = load({
      {"/c/main.yaml", "include: [conf.d/*.yaml, /etc/last.yaml]\nlist: [m]\nmap: { m: 1 }\n"},
      {"/c/conf.d/b.yaml", "list: [b]\nmap: { b: 1 }\n"},
      {"/c/conf.d/a.yaml", "include: ../deep.yaml\nlist: [a]\n"},
      {"/c/deep.yaml", "list: [deep]\nonly: here\n"},
      {"/etc/last.yaml", "list: [last]\n"},
  });
  EXPECT_THAT(loaded.findings, ElementsAre());
  EXPECT_THAT(loaded.tree.files, ElementsAre("/c/main.yaml", "/c/conf.d/a.yaml", "/c/deep.yaml",
                                             "/c/conf.d/b.yaml", "/etc/last.yaml"));
  const TreeNode* list = find(loaded.tree.root, "list");
  ASSERT_NE(list, nullptr);
  std::string order;
  for (const TreeNode& item : list->items)
    order += item.text + " ";
  EXPECT_EQ(order, "m a deep b last ");
  EXPECT_EQ(list->items[2].mark.pos(), (SourcePos{"/c/deep.yaml", 1, 8}));
  EXPECT_EQ(find(loaded.tree.root, "map")->members.size(), 2U);
  EXPECT_EQ(find(loaded.tree.root, "only")->text, "here");
  EXPECT_EQ(find(loaded.tree.root, "include"), nullptr);
}

TEST(YamlInclude, LooksFurtherForWhatIsNotBesideTheFile) {
  IncludeLimits limits;
  limits.search = {"/lib", "/usr/lib"};
  const Loaded loaded = load(
      {
          {"/c/main.yaml", "include: [beside.yaml, first.yaml, second.yaml, \"d/*.yaml\"]\n"},
          {"/c/beside.yaml", "include: ../c/own.yaml\n"},
          {"/c/own.yaml", "own: here\n"},
          {"/lib/beside.yaml", "never: read\n"},
          {"/lib/first.yaml", "include: near.yaml\n"},
          {"/lib/near.yaml", "near: here\n"},
          {"/usr/lib/first.yaml", "never: read\n"},
          {"/usr/lib/second.yaml", "second: here\n"},
          {"/usr/lib/d/x.yaml", "x: here\n"},
      },
      limits);
  EXPECT_THAT(loaded.findings, ElementsAre());
  EXPECT_THAT(loaded.tree.files,
              ElementsAre("/c/main.yaml", "/c/beside.yaml", "/c/own.yaml", "/lib/first.yaml",
                          "/lib/near.yaml", "/usr/lib/second.yaml", "/usr/lib/d/x.yaml"));
}

TEST(YamlInclude, SaysEverywhereItLooked) {
  IncludeLimits limits;
  limits.search = {"/lib"};
  const Loaded loaded =
      load({{"/c/main.yaml", "include: [gone.yaml, /etc/gone.yaml, \"g/*\"]\n"}}, limits);
  EXPECT_THAT(
      loaded.findings,
      ElementsAre("/c/main.yaml:1:38: warning: include[2]: \"g/*\" matches no file",
                  "/c/main.yaml:1:11: include[0]: opening /c/gone.yaml: No such file or directory "
                  "(nor is it /lib/gone.yaml)",
                  "/c/main.yaml:1:22: include[1]: opening /etc/gone.yaml: No such file or "
                  "directory"));
  EXPECT_FALSE(loaded.tree.is_complete);
}

TEST(YamlInclude, RefusesAScalarSetTwiceAndNamesBothPlaces) {
  const Loaded loaded = load({
      {"/c/main.yaml", "include: a.yaml\nlog: { level: info }\nlist: [1]\n"},
      {"/c/a.yaml", "log:\n  level: warn\n  access: x\nlist: one\n"},
  });
  EXPECT_THAT(loaded.findings,
              ElementsAre("/c/a.yaml:2:10: log.level: is already set at /c/main.yaml:2:15; set it "
                          "once",
                          "/c/a.yaml:4:7: list: is a single value here and a list at "
                          "/c/main.yaml:3:7"));
}

struct BadInclude {
  const char* name;
  std::map<std::string, std::string> files;
  const char* finding;
};

const BadInclude kBadIncludes[] = {
    {"MissingFile",
     {{"/c/main.yaml", "include: none.yaml\n"}},
     "/c/main.yaml:1:10: include: opening /c/none.yaml: No such file or directory"},
    {"MissingMainFile", {}, "/c/main.yaml: opening /c/main.yaml: No such file or directory"},
    {"PatternWithoutMatch",
     {{"/c/main.yaml", "include: [ 'conf.d/*.yaml' ]\n"}},
     "/c/main.yaml:1:12: warning: include[0]: \"conf.d/*.yaml\" matches no file"},
    {"OfItself",
     {{"/c/main.yaml", "include: main.yaml\n"}},
     "/c/main.yaml:1:10: include: /c/main.yaml includes itself"},
    {"Cycle",
     {{"/c/main.yaml", "include: a.yaml\n"},
      {"/c/a.yaml", "include: b.yaml\n"},
      {"/c/b.yaml", "include: ./a.yaml\n"}},
     "/c/b.yaml:1:10: include: /c/a.yaml includes itself"},
    {"Twice",
     {{"/c/main.yaml", "include: [a.yaml, \"*.yaml\"]\n"}, {"/c/a.yaml", "x: 1\n"}},
     "/c/main.yaml:1:19: include[1]: /c/a.yaml is already included at /c/main.yaml:1:11"},
    {"NotAPath",
     {{"/c/main.yaml", "include: { a: b }\n"}},
     "/c/main.yaml:1:10: include: must be a path, or a list of paths"},
    {"ListInList",
     {{"/c/main.yaml", "include: [[a]]\n"}},
     "/c/main.yaml:1:11: include[0]: must be a path, or a list of paths"},
    {"IncludedFileIsAList",
     {{"/c/main.yaml", "include: a.yaml\n"}, {"/c/a.yaml", "- 1\n"}},
     "/c/a.yaml:1:1: the file must be a map of keys, not a list"},
    {"IncludedFileIsBroken",
     {{"/c/main.yaml", "include: a.yaml\n"}, {"/c/a.yaml", "a: [\n"}},
     "/c/a.yaml:2:1: not valid YAML"},
};

class YamlIncludeReports : public ::testing::TestWithParam<BadInclude> {};

TEST_P(YamlIncludeReports, TheIncludingPlace) {
  const Loaded loaded = load(GetParam().files);
  EXPECT_EQ(loaded.tree.is_complete, GetParam().name == std::string("PatternWithoutMatch") ||
                                         GetParam().name == std::string("NotAPath") ||
                                         GetParam().name == std::string("ListInList"));
  EXPECT_THAT(loaded.findings, ::testing::Contains(HasSubstr(GetParam().finding)));
}

INSTANTIATE_TEST_SUITE_P(All, YamlIncludeReports, ::testing::ValuesIn(kBadIncludes),
                         [](const auto& row) { return row.param.name; });

TEST(YamlInclude, HoldsItsLimits) {
  std::map<std::string, std::string> chain{{"/c/main.yaml", "include: 1.yaml\n"}};
  for (int i = 1; i < 20; ++i)
    chain[fmt::format("/c/{}.yaml", i)] = fmt::format("include: {}.yaml\n", i + 1);
  EXPECT_THAT(load(chain).findings,
              ElementsAre("/c/8.yaml:1:10: include: includes are nested deeper than 8 files"));

  std::map<std::string, std::string> wide{{"/c/main.yaml", "include: \"d/*\"\n"}};
  for (int i = 0; i < 300; ++i)
    wide[fmt::format("/c/d/{:03}", i)] = "# nothing\n";
  const Loaded many = load(wide);
  EXPECT_EQ(many.tree.files.size(), 256U);
  EXPECT_THAT(many.findings,
              ElementsAre("/c/main.yaml:1:10: include: more than 256 files are included"));

  IncludeLimits small;
  small.bytes_max = 100;
  EXPECT_THAT(
      load({{"/c/main.yaml", "include: a\n"}, {"/c/a", std::string(90, '#')}}, small).findings,
      ElementsAre("/c/main.yaml:1:10: include: all files together are larger than 100 bytes"));
}

}  // namespace
}  // namespace ravelin::base::yaml
