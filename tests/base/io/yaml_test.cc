#include "base/io/yaml.h"

#include "base/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::base::yaml {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

enum class Colour { red, green };
constexpr Choice<Colour> kColours[] = {{"red", Colour::red}, {"green", Colour::green}};

struct Part {
  std::string name;
  int weight = 1;
};

struct Thing {
  std::string name;
  bool on = false;
  int count = 7;
  std::uint32_t size = 0;
  std::chrono::milliseconds wait{5};
  std::chrono::seconds whole{1};
  Colour colour = Colour::red;
  std::optional<IpAddress> address;
  std::vector<std::string> words;
  std::vector<Part> parts;
  std::optional<Part> extra;
  std::string file;
};

Part parse_part(Map map) {
  Part part;
  map.required("name", part.name);
  map.optional("weight", part.weight, between(0, 256));
  return std::move(map).finish(std::move(part));
}

Thing parse_thing(Map map) {
  Thing thing;
  map.required("name", thing.name);
  map.optional("on", thing.on);
  map.optional("count", thing.count, between(1, 10));
  map.optional("size", thing.size, bytes(1024, 1024 * 1024));
  map.optional("wait", thing.wait, between(1ms, 60s));
  map.optional("whole", thing.whole, between(1s, 1h));
  map.optional("colour", thing.colour, one_of(kColours));
  map.optional("address", thing.address, converted(parse_ip));
  map.optional("words", thing.words, one_or_list_of<>({}, 1, 3));
  map.optional("parts", thing.parts, list_of(object(parse_part)));
  map.optional("extra", thing.extra, object(parse_part));
  map.optional("file", thing.file, path());
  return std::move(map).finish(std::move(thing));
}

struct Reading {
  Thing thing;
  std::vector<std::string> findings;
  Origins origins;
};

Reading read_thing(std::string_view text) {
  Reading reading;
  Diagnostics diagnostics;
  const TreeNode root = parse_tree(text, "d/f.yaml", {}, diagnostics);
  Report report{diagnostics, "/home", &reading.origins};
  apply(Value(report, root, ""), reading.thing, object(parse_thing));
  for (const Finding& finding : diagnostics.findings())
    reading.findings.push_back(to_string(finding));
  return reading;
}

TEST(Yaml, ReadsEveryKindOfField) {
  const Reading reading = read_thing(
      "name: yes\n"
      "on: true\n"
      "count: 10\n"
      "size: 64KiB\n"
      "wait: \"250ms\"\n"
      "whole: 2m\n"
      "colour: green\n"
      "address: 10.0.0.1\n"
      "words: [one, \"2\", 003]\n"
      "parts: [{name: a}, {name: b, weight: 0}]\n"
      "extra: { name: x }\n"
      "file: ../x.crt\n");
  EXPECT_THAT(reading.findings, IsEmpty());
  const Thing& thing = reading.thing;
  EXPECT_EQ(thing.name, "yes");
  EXPECT_TRUE(thing.on);
  EXPECT_EQ(thing.count, 10);
  EXPECT_EQ(thing.size, 65536U);
  EXPECT_EQ(thing.wait, 250ms);
  EXPECT_EQ(thing.whole, 120s);
  EXPECT_EQ(thing.colour, Colour::green);
  EXPECT_EQ(thing.address, *parse_ip("10.0.0.1"));
  EXPECT_THAT(thing.words, ElementsAre("one", "2", "003"));
  ASSERT_EQ(thing.parts.size(), 2U);
  EXPECT_EQ(thing.parts[1].weight, 0);
  EXPECT_EQ(thing.extra->name, "x");
  EXPECT_EQ(thing.file, "/home/x.crt");
}

TEST(Yaml, TakesALoneValueAsAListOfOne) {
  EXPECT_THAT(read_thing("name: a\nwords: one\n").thing.words, ElementsAre("one"));
}

TEST(Yaml, KeepsDefaultsOfAbsentAndOfBadFields) {
  const Reading reading = read_thing("name: a\ncount: 11\n");
  EXPECT_EQ(reading.thing.count, 7);
  EXPECT_EQ(reading.thing.wait, 5ms);
  EXPECT_FALSE(reading.thing.extra);
}

TEST(Yaml, RecordsTheOriginOfEveryValue) {
  const Reading reading = read_thing("name: a\nparts:\n  - name: b\nwords: [x]\n");
  EXPECT_EQ(reading.origins.at("name"), (SourcePos{"d/f.yaml", 1, 7}));
  EXPECT_EQ(reading.origins.at("parts[0].name"), (SourcePos{"d/f.yaml", 3, 11}));
  EXPECT_EQ(reading.origins.at("words[0]"), (SourcePos{"d/f.yaml", 4, 9}));
  EXPECT_FALSE(reading.origins.contains("count"));
}

TEST(Yaml, ReportsEverythingAtOnce) {
  EXPECT_THAT(read_thing("nam: a\n"
                         "on: yes\n"
                         "parts:\n"
                         "  - { name: a, wieght: 3 }\n"
                         "  - { weight: 999 }\n"
                         "utterly_unknown: 1\n")
                  .findings,
              ElementsAre("d/f.yaml:1:1: \"name\" is missing",  //
                          "d/f.yaml:2:5: on: \"yes\" is not true or false",
                          "d/f.yaml:4:16: parts[0]: unknown key \"wieght\" (did you mean "
                          "\"weight\"?)",
                          "d/f.yaml:5:5: parts[1]: \"name\" is missing",
                          "d/f.yaml:5:15: parts[1].weight: 999 is out of range (0 to 256)",
                          "d/f.yaml:1:1: unknown key \"nam\" (did you mean \"name\"?)",
                          "d/f.yaml:6:1: unknown key \"utterly_unknown\""));
}

TEST(Yaml, StopsReportingAfterManyErrors) {
  std::string text = "name: a\n";
  for (int i = 0; i < 1000; ++i)
    text += fmt::format("key{}: 1\n", i);
  const Reading reading = read_thing(text);
  ASSERT_EQ(reading.findings.size(), 201U);
  EXPECT_EQ(reading.findings.back(),
            "d/f.yaml:202:1: too many errors; those that follow are not shown");
}

struct BadValue {
  const char* name;
  const char* line;
  const char* finding;  // without the place
};

constexpr BadValue kBadValues[] = {
    {"BoolYes", "on: yes", "on: \"yes\" is not true or false"},
    {"BoolOn", "on: on", "on: \"on\" is not true or false"},
    {"BoolCapital", "on: True", "on: \"True\" is not true or false"},
    {"BoolOne", "on: 1", "on: \"1\" is not true or false"},
    {"BoolQuoted", "on: \"true\"", "on: \"true\" is text; write it without quotes"},
    {"BoolEmpty", "on:", "on: is empty; write a value or remove the key"},
    {"BoolNull", "on: null", "on: is empty; write a value or remove the key"},
    {"BoolList", "on: [true]", "on: must be true or false, not a list"},
    {"NumberOctal", "count: 010", "count: 010 has leading zeros; write 10"},
    {"NumberHex", "count: 0xa", "count: \"0xa\" is not a whole number (1 to 10)"},
    {"NumberSexagesimal", "count: 1:30", "count: \"1:30\" is not a whole number (1 to 10)"},
    {"NumberUnderscore", "count: 1_0", "count: \"1_0\" is not a whole number (1 to 10)"},
    {"NumberNegative", "count: -1", "count: \"-1\" is not a whole number (1 to 10)"},
    {"NumberFraction", "count: 1.5", "count: \"1.5\" is not a whole number (1 to 10)"},
    {"NumberExponent", "count: 1e1", "count: \"1e1\" is not a whole number (1 to 10)"},
    {"NumberQuoted", "count: \"5\"", "count: \"5\" is text; write the number without quotes"},
    {"NumberTooLarge", "count: 11", "count: 11 is out of range (1 to 10)"},
    {"NumberTooSmall", "count: 0", "count: 0 is out of range (1 to 10)"},
    {"NumberHuge", "count: 99999999999999999999",
     "count: \"99999999999999999999\" is not a whole number (1 to 10)"},
    {"NumberMap", "count: { a: 1 }", "count: must be a number, not a map"},
    {"SizeUnit", "size: 64K", "size: \"64K\" is not a size (a number, or one with KiB, MiB, GiB)"},
    {"SizeSmall", "size: 1", "size: 1 is out of range (1KiB to 1MiB)"},
    {"DurationUnitMissing", "wait: 5",
     "wait: \"5\" is not a duration (a number and ms, s, m, h or d)"},
    {"DurationSpace", "wait: 5 s",
     "wait: \"5 s\" is not a duration (a number and ms, s, m, h or d)"},
    {"DurationLong", "wait: 2h", "wait: 2h is out of range (1ms to 1m)"},
    {"DurationFine", "whole: 1500ms", "whole: 1500ms is finer than 1s"},
    {"ChoiceNear", "colour: gren",
     "colour: \"gren\" is not one of red, green (did you mean green?)"},
    {"ChoiceFar", "colour: blue", "colour: \"blue\" is not one of red, green"},
    {"Converted", "address: 10.0.0", "address: \"10.0.0\" is not an IP address"},
    {"TextEmpty", "name: \"\"", "name: is empty; write a value or remove the key"},
    {"TextControl", "name: \"a\\nb\"", "name: \"a\\nb\" has a control character in it"},
    {"TextNul", "name: \"a\\0b\"", "name: \"a\\x00b\" has a control character in it"},
    {"TextList", "name: [a]", "name: must be text, not a list"},
    {"ListEmpty", "words: []", "words: is an empty list; write at least one entry"},
    {"ListLong", "words: [a, b, c, d]", "words: has 4 entries; 1 to 3 are allowed"},
    {"ListItem", "words: [a, [b]]", "words[1]: must be text, not a list"},
    {"ListIsMap", "parts: { name: a }", "parts: must be a list, not a map"},
    {"ListIsEmpty", "parts:", "parts: is empty; write a value or remove the key"},
    {"ObjectIsText", "extra: a", "extra: must be a map, not a single value"},
    {"ItemIsText", "parts: [a]", "parts[0]: must be a map, not a single value"},
};

class YamlRefuses : public ::testing::TestWithParam<BadValue> {};

TEST_P(YamlRefuses, AndSaysWhatIsWanted) {
  const std::string line = GetParam().line;
  const bool names = line.starts_with("name");
  const Reading reading = read_thing((names ? "" : "name: a\n") + line + "\n");
  ASSERT_EQ(reading.findings.size(), 1U);
  const std::string& finding = reading.findings[0];
  EXPECT_EQ(finding.substr(finding.find(": ") + 2), GetParam().finding);
}

INSTANTIATE_TEST_SUITE_P(All, YamlRefuses, ::testing::ValuesIn(kBadValues),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace ravelin::base::yaml
