// The schema knows exactly the keys the parser knows, and holds for every policy of the library. A
// validator of the part of JSON Schema that is used stands here.
#include "policies/parse/schema.h"

#include "base/io/yaml_text.h"
#include "base/text.h"
#include "policies/parse/parse.h"
#include "tests/policies/parse/facts.h"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace ravelin::policies {
namespace {

namespace json = boost::json;
namespace yaml = base::yaml;
using ::testing::ElementsAre;

const std::string kShipped = RAVELIN_SOURCE_DIR "/policies/library";
const std::string kHere = RAVELIN_SOURCE_DIR "/tests/policies/parse/";

class Schema {
 public:
  Schema() : root_(json::parse(policy_schema())) {}

  [[nodiscard]] const json::object& root() const { return root_.as_object(); }

  [[nodiscard]] const json::object& definitions() const { return root().at("$defs").as_object(); }

  // The schema behind references.
  [[nodiscard]] const json::object& behind(const json::object& schema) const {
    const json::value* ref = schema.if_contains("$ref");
    if (ref == nullptr) return schema;
    const std::string_view name = ref->as_string();
    return behind(definitions().at(name.substr(std::string_view("#/$defs/").size())).as_object());
  }

  // Empty when the value holds; else why it does not.
  [[nodiscard]] std::string refusal(const json::object& given, const json::value& value) const {
    const json::object& schema = behind(given);
    if (const json::value* any = schema.if_contains("anyOf")) {
      std::string reasons;
      for (const json::value& each : any->as_array()) {
        const std::string reason = refusal(each.as_object(), value);
        if (reason.empty()) return "";
        reasons += reason + "; ";
      }
      return reasons;
    }
    if (const json::value* words = schema.if_contains("enum")) {
      return std::ranges::find(words->as_array(), value) == words->as_array().end()
                 ? json::serialize(value) + " is no word of " + json::serialize(*words)
                 : "";
    }
    const std::string_view type = schema.at("type").as_string();
    if (type != type_of(value)) return json::serialize(value) + " is not " + std::string(type);
    if (type == "array") return refusal_of_items(schema, value.as_array());
    return type == "object" ? refusal_of_members(schema, value.as_object()) : "";
  }

 private:
  static std::string_view type_of(const json::value& value) {
    if (value.is_object()) return "object";
    if (value.is_array()) return "array";
    if (value.is_bool()) return "boolean";
    if (value.is_int64()) return "integer";
    return value.is_null() ? "null" : "string";
  }

  [[nodiscard]] std::string refusal_of_items(const json::object& schema,
                                             const json::array& items) const {
    std::string reasons;
    for (const json::value& item : items)
      reasons += refusal(schema.at("items").as_object(), item);
    return reasons;
  }

  [[nodiscard]] std::string refusal_of_members(const json::object& schema,
                                               const json::object& members) const {
    std::string reasons;
    const json::value* properties = schema.if_contains("properties");
    const json::value& further = schema.at("additionalProperties");
    for (const auto& [key, value] : members) {
      const json::value* own =
          properties == nullptr ? nullptr : properties->as_object().if_contains(key);
      if (own == nullptr && !further.is_object()) {
        reasons += "unknown key " + std::string(key) + "; ";
      } else {
        reasons += refusal(own == nullptr ? further.as_object() : own->as_object(), value);
      }
    }
    if (const json::value* required = schema.if_contains("required")) {
      for (const json::value& key : required->as_array()) {
        if (!members.contains(key.as_string())) reasons += json::serialize(key) + " is missing; ";
      }
    }
    return reasons;
  }

  json::value root_;
};

// As editors read YAML 1.2: plain numbers and booleans have a type.
json::value to_json(const yaml::TreeNode& node) {
  switch (node.kind) {
    case yaml::Kind::empty:
      return nullptr;
    case yaml::Kind::list: {
      json::array items;
      for (const yaml::TreeNode& item : node.items)
        items.push_back(to_json(item));
      return items;
    }
    case yaml::Kind::map: {
      json::object members;
      for (const yaml::Member& member : node.members)
        members[member.key] = to_json(member.value);
      return members;
    }
    case yaml::Kind::scalar:
      break;
  }
  if (node.quoted) return json::value(node.text);
  if (node.text == "true" || node.text == "false") return node.text == "true";
  if (const auto number = base::parse_u64(node.text)) return static_cast<std::int64_t>(*number);
  return json::value(node.text);
}

json::value read_yaml(const std::string& path) {
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  base::Diagnostics diagnostics;
  const yaml::TreeNode tree = yaml::parse_tree(text, path, {}, diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << path;
  return to_json(tree);
}

std::vector<std::string> policies() {
  std::vector<std::string> paths{kHere + "full.yaml", kHere + "examples/edge/edge.yaml",
                                 kHere + "examples/office/office.yaml"};
  for (const auto& entry : std::filesystem::directory_iterator(kShipped)) {
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path().string());
  }
  return paths;
}

TEST(PolicySchema, HoldsForTheLibraryAndTheExamples) {
  const Schema schema;
  EXPECT_GE(policies().size(), 7U);
  for (const std::string& path : policies())
    EXPECT_EQ(schema.refusal(schema.root(), read_yaml(path)), "") << path;
}

struct Refused {
  const char* name;
  const char* text;
  const char* reason;
};

TEST(PolicySchema, RefusesWhatItCanSee) {
  constexpr Refused kRefused[] = {
      {"UnknownKey", "{policy: v1, zones: {}, rule: {}}", "unknown key rule; "},
      {"MissingZones", "{policy: v1}", "\"zones\" is missing; "},
      {"OtherVersion", "{policy: v2, zones: {}}", "\"v2\" is no word of [\"v1\"]"},
      {"ZoneWithoutInterfaces", "{policy: v1, zones: {wan: {}}}", "\"interfaces\" is missing; "},
      {"UnknownKeyInside", "{policy: v1, zones: {}, tests: [{packets: {}}]}",
       "unknown key packets; "},
      {"ListInsteadOfMap", "{policy: v1, zones: []}", "[] is not object"},
  };

  const Schema schema;
  for (const Refused& row : kRefused) {
    base::Diagnostics diagnostics;
    const yaml::TreeNode tree = yaml::parse_tree(row.text, "f", {}, diagnostics);
    ASSERT_FALSE(diagnostics.has_errors()) << row.name;
    EXPECT_EQ(schema.refusal(schema.root(), to_json(tree)), row.reason) << row.name;
  }
}

// The objects a key path leads to: its last step may be one of several alternatives.
class Walk {
 public:
  explicit Walk(const Schema& schema) : schema_(schema) {}

  // "rules."wan -> host"[0].log"
  const json::object* find(std::string_view path) {
    std::vector<const json::object*> at{&schema_.root()};
    while (!path.empty()) {
      const std::string step = take_step(path);
      std::vector<const json::object*> next;
      for (const json::object* each : at)
        follow(*each, step, next);
      at = std::move(next);
    }
    std::vector<const json::object*> objects;
    for (const json::object* each : at)
      collect(*each, objects);
    return objects.size() == 1 ? objects[0] : nullptr;
  }

  // Names of the definitions found so far.
  std::set<std::string> visited;

 private:
  static std::string take_step(std::string_view& path) {
    if (path.front() == '.') path.remove_prefix(1);
    if (path.front() == '[') {
      path.remove_prefix(path.find(']') + 1);
      return "[]";
    }
    std::size_t end = path.find_first_of(".[");
    if (path.front() == '"') end = path.find('"', 1) + 1;
    std::string step(path.substr(0, end));
    path.remove_prefix(std::min(end, path.size()));
    return step;
  }

  void follow(const json::object& given, const std::string& step,
              std::vector<const json::object*>& next) {
    for (const json::object* schema : alternatives(given)) {
      if (step == "[]") {
        if (const json::value* items = schema->if_contains("items"))
          next.push_back(&items->as_object());
        continue;
      }
      const json::value* properties = schema->if_contains("properties");
      const json::value* further = schema->if_contains("additionalProperties");
      if (properties != nullptr && properties->as_object().contains(step)) {
        next.push_back(&properties->as_object().at(step).as_object());
      } else if (further != nullptr && further->is_object()) {
        next.push_back(&further->as_object());
      }
    }
  }

  void collect(const json::object& given, std::vector<const json::object*>& objects) {
    for (const json::object* schema : alternatives(given)) {
      if (!schema->contains("properties")) continue;
      objects.push_back(schema);
      for (const auto& [name, definition] : schema_.definitions()) {
        if (&definition.as_object() == schema) visited.insert(name);
      }
    }
  }

  std::vector<const json::object*> alternatives(const json::object& given) {
    const json::object& schema = schema_.behind(given);
    const json::value* any = schema.if_contains("anyOf");
    if (any == nullptr) return {&schema};
    std::vector<const json::object*> all;
    for (const json::value& each : any->as_array()) {
      for (const json::object* inner : alternatives(each.as_object()))
        all.push_back(inner);
    }
    return all;
  }

  const Schema& schema_;
};

std::set<std::string> keys_of(const json::object& schema) {
  std::set<std::string> keys;
  for (const auto& [key, value] : schema.at("properties").as_object())
    keys.insert(key);
  return keys;
}

TEST(PolicySchema, KnowsTheKeysTheParserKnows) {
  const Schema schema;
  Walk walk(schema);
  yaml::DiskLoader loader;
  base::Diagnostics diagnostics;
  yaml::KnownKeys known;
  load_policy(kHere + "full.yaml", loader, full_facts(), diagnostics,
              {.library = kShipped, .known_keys = &known});
  for (const base::Finding& finding : diagnostics.findings())
    ADD_FAILURE() << base::to_string(finding);
  for (auto [path, keys] : known) {
    const json::object* object = walk.find(path);
    ASSERT_NE(object, nullptr) << path;
    if (path.empty()) keys.insert({"include", "override"});  // read before the map is
    EXPECT_EQ(keys_of(*object), keys) << path;
  }
  // The objects that are read without a typed map, and those that are no objects.
  std::set<std::string> missed;
  for (const auto& [name, definition] : schema.definitions()) {
    if (definition.as_object().contains("properties") && !walk.visited.contains(name))
      missed.insert(name);
  }
  EXPECT_THAT(missed, ElementsAre("geo", "override"));
}

TEST(PolicySchema, LetsAnOverrideSetWhateverARuleHas) {
  const Schema schema;
  const auto keys = [&](const char* name) {
    return keys_of(schema.definitions().at(name).as_object());
  };
  std::set<std::string> expected = keys("rule");
  expected.merge(keys("nat"));
  expected.insert({"id", "remove", "insert_before"});
  EXPECT_EQ(keys("override"), expected);
}

}  // namespace
}  // namespace ravelin::policies
