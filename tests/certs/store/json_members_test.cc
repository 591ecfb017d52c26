#include "certs/store/json_members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using ::testing::ElementsAre;

JsonMembers members_of(std::string_view text) {
  auto members = JsonMembers::parse(text, "the record");
  EXPECT_TRUE(members) << text;
  return members ? std::move(*members) : JsonMembers({}, "the record");
}

TEST(JsonMembers, AreReadByTheirTypes) {
  JsonMembers members = members_of(
      R"({"text":"a","number":12,"time":1700000000,"texts":["x","y"],"flag":true,"in":{"k":1},"list":[1]})");
  EXPECT_EQ(members.text("text"), "a");
  EXPECT_EQ(members.number("number"), 12U);
  EXPECT_EQ(members.time("time").time_since_epoch().count(), 1'700'000'000);
  EXPECT_THAT(members.texts("texts"), ElementsAre("x", "y"));
  EXPECT_TRUE(members.flag("flag"));
  ASSERT_NE(members.object("in"), nullptr);
  ASSERT_NE(members.array("list"), nullptr);
  EXPECT_TRUE(members.has("in"));
  EXPECT_FALSE(members.has("out"));
  EXPECT_TRUE(members.whole());
}

TEST(JsonMembers, OnlyObjectsAreTaken) {
  for (const char* text : {"", "[]", "12", "{", "{\"a\":1}x", "{\"a\":01}"})
    EXPECT_EQ(JsonMembers::parse(text, "the record").error().message,
              "the record is no JSON object")
        << text;
}

struct WrongMember {
  const char* title;
  const char* text;
  void (*ask)(JsonMembers&);
};

TEST(JsonMembers, WhatIsWrongIsNamed) {
  const WrongMember rows[] = {
      {"Missing", "{}", [](JsonMembers& m) { m.text("key"); }},
      {"NumberForText", R"({"key":1})", [](JsonMembers& m) { m.text("key"); }},
      {"TextForNumber", R"({"key":"1"})", [](JsonMembers& m) { m.number("key"); }},
      {"Negative", R"({"key":-1})", [](JsonMembers& m) { m.number("key"); }},
      {"Fraction", R"({"key":1.5})", [](JsonMembers& m) { m.number("key"); }},
      {"TooLarge", R"({"key":18446744073709551615})", [](JsonMembers& m) { m.number("key"); }},
      {"TextForTime", R"({"key":"now"})", [](JsonMembers& m) { m.time("key"); }},
      {"TextForList", R"({"key":"a"})", [](JsonMembers& m) { m.texts("key"); }},
      {"MixedList", R"({"key":["a",1]})", [](JsonMembers& m) { m.texts("key"); }},
      {"TextForFlag", R"({"key":"true"})", [](JsonMembers& m) { m.flag("key"); }},
      {"ListForObject", R"({"key":[]})", [](JsonMembers& m) { m.object("key"); }},
      {"ObjectForList", R"({"key":{}})", [](JsonMembers& m) { m.array("key"); }},
  };
  for (const WrongMember& row : rows) {
    JsonMembers members = members_of(row.text);
    row.ask(members);
    const auto whole = members.whole();
    ASSERT_FALSE(whole) << row.title;
    EXPECT_EQ(whole.error().message, "the record: \"key\" is missing or of another type")
        << row.title;
  }
}

TEST(JsonMembers, TheFirstThatIsMissingIsNamed) {
  JsonMembers members = members_of(R"({"b":1})");
  members.text("a");
  members.text("b");
  EXPECT_EQ(members.whole().error().message, "the record: \"a\" is missing or of another type");
}

}  // namespace
}  // namespace ravelin::certs
