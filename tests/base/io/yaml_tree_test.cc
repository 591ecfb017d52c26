#include "base/io/yaml_tree.h"

#include "base/io/yaml_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::base::yaml {
namespace {

using namespace std::string_literals;
using ::testing::StartsWith;

// One line per node: "3:5 key = text", lists as "[0]".
void print(const TreeNode& node, const std::string& path, std::string& out) {
  out += fmt::format("{}:{} {} ", node.mark.line, node.mark.column, path);
  switch (node.kind) {
    case Kind::empty:
      out += "empty\n";
      break;
    case Kind::scalar:
      out += fmt::format("{} {}\n", node.quoted ? "quoted" : "plain", quote(node.text));
      break;
    case Kind::list:
      out += "list\n";
      for (std::size_t i = 0; i < node.items.size(); ++i)
        print(node.items[i], fmt::format("{}[{}]", path, i), out);
      break;
    case Kind::map:
      out += "map\n";
      for (const Member& member : node.members)
        print(member.value, path + "/" + member.key, out);
      break;
  }
}

std::string printed(std::string_view text) {
  Diagnostics diagnostics;
  std::string out;
  print(parse_tree(text, "f.yaml", {}, diagnostics), "", out);
  for (const Finding& finding : diagnostics.findings())
    out += to_string(finding) + "\n";
  return out;
}

TEST(YamlTree, KeepsTextPlacesAndOrder) {
  EXPECT_EQ(printed("b: 1\n"
                    "a:\n"
                    "  - { x: yes, \"y\": \"010\" }\n"
                    "  - |\n"
                    "    line\n"
                    "empty:\n"
                    "next: ~\n"),
            "1:1  map\n"
            "1:4 /b plain \"1\"\n"
            "3:3 /a list\n"
            "3:5 /a[0] map\n"
            "3:10 /a[0]/x plain \"yes\"\n"
            "3:20 /a[0]/y quoted \"010\"\n"
            "4:5 /a[1] quoted \"line\\n\"\n"
            "6:1 /empty empty\n"
            "7:1 /next empty\n");
}

TEST(YamlTree, IsAnEmptyMapForAnEmptyFile) {
  EXPECT_EQ(printed(""), "1:1  map\n");
  EXPECT_EQ(printed("# only a comment\n"), "1:1  map\n");
  EXPECT_EQ(printed("---\n"), "1:1  map\n");
  EXPECT_EQ(printed("\xef\xbb\xbf"
                    "a: 1\n"),
            "1:1  map\n1:4 /a plain \"1\"\n");
}

TEST(YamlTree, ReportsEveryDuplicateKeyAndKeepsTheFirst) {
  EXPECT_EQ(printed("listeners:\n"
                    "  - name: a\n"
                    "  - name: web\n"
                    "    name: other\n"
                    "    bind: [1]\n"
                    "    bind: { x: 1 }\n"
                    "version: 1\n"
                    "version: 1\n"),
            "1:1  map\n"
            "2:3 /listeners list\n"
            "2:5 /listeners[0] map\n"
            "2:11 /listeners[0]/name plain \"a\"\n"
            "3:5 /listeners[1] map\n"
            "3:11 /listeners[1]/name plain \"web\"\n"
            "5:11 /listeners[1]/bind list\n"
            "5:12 /listeners[1]/bind[0] plain \"1\"\n"
            "7:10 /version plain \"1\"\n"
            "f.yaml:4:5: listeners[1]: key \"name\" is written twice (first at line 3, column 5)\n"
            "f.yaml:6:5: listeners[1]: key \"bind\" is written twice (first at line 5, column 5)\n"
            "f.yaml:8:1: key \"version\" is written twice (first at line 7, column 1)\n");
}

struct BadFile {
  const char* name;
  std::string text;
  const char* finding;  // the start of it
};

std::string deep_block(int levels) {
  std::string text;
  for (int i = 0; i < levels; ++i)
    text += "- ";
  return text + "x\n";
}

const BadFile kBadFiles[] = {
    {"TabIndents", "a:\n  b: 1\n\tc: 2\n", "f.yaml:3:1: a tab in the indentation"},
    {"TabAfterSpaces", "a:\n  \tb: 1\n", "f.yaml:2:3: a tab in the indentation"},
    {"InvalidUtf8", "a: 1\nb: x\xff\n", "f.yaml:2:5: the file is not valid UTF-8"},
    {"OverlongUtf8", "a: \xc0\x80\n", "f.yaml:1:4: the file is not valid UTF-8"},
    {"SurrogateInUtf8", "a: \xed\xa0\x80\n", "f.yaml:1:4: the file is not valid UTF-8"},
    {"Latin1", "a: M\xfcller\n", "f.yaml:1:5: the file is not valid UTF-8"},
    {"TruncatedUtf8", "a: \xe2\x82", "f.yaml:1:4: the file is not valid UTF-8"},
    {"Utf16", "\xff\xfe"s + "a\0:\0"s, "f.yaml:1:1: the file is not valid UTF-8"},
    {"Nul", "a: x\0y\n"s, "f.yaml:1:5: control character U+0000"},
    {"EndOfTransmission", "a: \x04\n", "f.yaml:1:4: control character U+0004"},
    {"Escape", "a: \x1b[31m\n", "f.yaml:1:4: control character U+001B"},
    {"NextLine", "a: \xc2\x85\n", "f.yaml:1:4: control character U+0085"},
    {"ByteOrderMarkInside", "a: \xef\xbb\xbf\n", "f.yaml:1:4: control character U+FEFF"},
    {"SecondDocument", "a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document (---)"},
    {"Directive", "%YAML 1.2\n---\na: 1\n", "f.yaml:1:1: directives"},
    {"DirectiveInside", "a: 1\n%b: 2\nc: 3\n", "f.yaml:2:1: directives"},
    {"Anchor", "a: &x 1\n", "f.yaml:1:4: anchors and aliases"},
    {"AnchorOnMap", "a: &x { b: 1 }\n", "f.yaml:1:4: anchors and aliases"},
    {"AnchorOnNothing", "a: &x\n", "f.yaml:1:4: anchors and aliases"},
    {"AliasWithoutAnchor", "a: *x\n", "f.yaml:1:4: not valid YAML"},
    {"BillionLaughs", "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n", "f.yaml:1:4: anchors"},
    {"Tag", "a: !!int 1\n", "f.yaml:1:4: tags (!name)"},
    {"LocalTag", "a: !secret x\n", "f.yaml:1:4: tags (!name)"},
    {"ListAsKey", "? [a]\n: 1\n", "f.yaml:1:3: a key must be text, not a list or a map"},
    {"MapAsKey", "{ {a: 1}: 2 }\n", "f.yaml:1:3: a key must be text, not a list or a map"},
    {"EmptyKey", ": 1\n", "f.yaml:1:1: a key must be text; it is empty here"},
    {"ColonInPlainText", "a: b: c\n", "f.yaml:1:5: not valid YAML: illegal map value (text with"},
    {"WrongIndentation", "a:\n  b: 1\n c: 2\n", "f.yaml:3:2: not valid YAML: end of map not found"},
    {"OpenBrace", "a: { b: 1\n", "f.yaml:2:1: not valid YAML: end of map flow not found"},
    {"OpenBracket", "a: [1, 2\n", "f.yaml:2:1: not valid YAML: end of sequence flow not found"},
    {"OpenQuote", "b: x\na: \"x\n", "f.yaml:2:4: the quote that opens here is not closed"},
    {"OpenQuoteAtTheEnd", "a: \"x\\\"",
     "f.yaml:1:8: not valid YAML: illegal EOF in scalar (a quote"},
    {"OpenSingleQuote", "a: 'it''s\n\n", "f.yaml:1:4: the quote that opens here is not closed"},
    {"OpenQuoteAfterAMark",
     "\xef\xbb\xbf"
     "a: \"1\n",
     "f.yaml:1:4: the quote that opens here is not closed"},
    {"UnknownEscape", "a: \"\\q\"\n", "f.yaml:1:7: not valid YAML: unknown escape character"},
    {"DeepFlow", "a: " + std::string(30, '[') + std::string(30, ']'), "f.yaml:1:27: nested deeper"},
    {"DeepBlock", deep_block(30), "f.yaml:1:49: nested deeper than 24 levels"},
    {"DeepMixed", "x: " + std::string(100, '{'),
     "f.yaml:1:5: a key must be text, not a list or a map"},
};

class YamlTreeRefuses : public ::testing::TestWithParam<BadFile> {};

TEST_P(YamlTreeRefuses, AndNamesThePlace) {
  Diagnostics diagnostics;
  const TreeNode root = parse_tree(GetParam().text, "f.yaml", {}, diagnostics);
  EXPECT_EQ(root.kind, Kind::empty);
  ASSERT_EQ(diagnostics.findings().size(), 1U);
  EXPECT_THAT(to_string(diagnostics.findings()[0]), StartsWith(GetParam().finding));
}

INSTANTIATE_TEST_SUITE_P(All, YamlTreeRefuses, ::testing::ValuesIn(kBadFiles),
                         [](const auto& row) { return row.param.name; });

TEST(YamlTree, HoldsItsLimits) {
  Diagnostics diagnostics;
  const Limits limits{.bytes_max = 100, .nodes_max = 10, .depth_max = 24};
  parse_tree(std::string(101, '#'), "f.yaml", limits, diagnostics);
  parse_tree("[1,2,3,4,5,6,7,8,9]", "f.yaml", limits, diagnostics);
  EXPECT_FALSE(diagnostics.findings().size() != 1);
  parse_tree("[1,2,3,4,5,6,7,8,9,10]", "f.yaml", limits, diagnostics);
  ASSERT_EQ(diagnostics.findings().size(), 2U);
  EXPECT_EQ(to_string(diagnostics.findings()[0]), "f.yaml: larger than 100 bytes");
  EXPECT_EQ(to_string(diagnostics.findings()[1]), "f.yaml:1:20: the file has more than 10 values");
}

TEST(YamlText, IsQuotedSafelyForATerminal) {
  EXPECT_EQ(quote("a\"b\\c\n\x1b[31m"), "\"a\\\"b\\\\c\\n\\x1b[31m\"");
  EXPECT_EQ(quote(std::string(100, 'x')), "\"" + std::string(80, 'x') + "\"…");
  EXPECT_EQ(key_text("request_timeout"), "request_timeout");
  EXPECT_EQ(key_text("a b"), "\"a b\"");
}

}  // namespace
}  // namespace ravelin::base::yaml
