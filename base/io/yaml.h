// The typed reader every configuration and policy parser uses: a map is read key by key, each key
// with its target, default and limits on one line; every bad value and every unknown key is
// reported, all at once, with its place and key path. Pure; one thread at a time.
//
//   ServerConfig parse_server(yaml::Map map) {
//     ServerConfig server;
//     map.required("address", server.address, yaml::converted(parse_address));
//     map.optional("weight", server.weight, yaml::between(0, 256));
//     return std::move(map).finish(std::move(server));
//   }
//
// A rule is anything callable as bool(const Value&, T&): it sets the target or reports and returns
// false, the target then keeps its default. Rules nest: list_of(object(parse_server)).
#pragma once

#include "base/check.h"
#include "base/io/yaml_tree.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ravelin::base::yaml {

// Key path ("listeners[0].bind[1]") of every value read -> its place.
using Origins = std::map<std::string, SourcePos, std::less<>>;
// Key path of every map read -> all keys its reader knows: what a schema is compared with.
using KnownKeys = std::map<std::string, std::set<std::string>, std::less<>>;

// Where findings and origins go; shared by all Values and Maps of one reading and outlives them.
struct Report {
  Diagnostics& diagnostics;
  std::string directory;       // in front of relative paths; absolute, or empty to leave them so
  Origins* origins = nullptr;  // null: origins are not wanted
  KnownKeys* known_keys = nullptr;  // null: not wanted

  // Stops adding after kErrorsMax errors, with a last one that says so.
  void error(SourcePos pos, std::string key, std::string message);

  [[nodiscard]] bool is_full() const { return diagnostics.error_count() > kErrorsMax; }

  static constexpr std::size_t kErrorsMax = 200;
};

class Map;

// One value with its key path. Borrows the tree and the report.
class Value {
 public:
  Value(Report& report, const TreeNode& node, std::string path);

  [[nodiscard]] const TreeNode& node() const { return *node_; }

  [[nodiscard]] const std::string& path() const { return path_; }

  [[nodiscard]] SourcePos pos() const { return node_->mark.pos(); }

  [[nodiscard]] bool is(Kind kind) const { return node_->kind == kind; }

  [[nodiscard]] Value item(std::size_t index) const;  // of a list
  [[nodiscard]] Value member(
      std::size_t index) const;  // of a map: its value; the place is the value's

  // The scalar's text; null, and reported, when the value is something else. `expected` completes
  // "must be …".
  [[nodiscard]] const std::string* scalar(std::string_view expected) const;

  void error(std::string message) const;

  [[nodiscard]] Report& report() const { return *report_; }

 private:
  Report* report_;
  const TreeNode* node_;
  std::string path_;
};

bool expect(const Value& value, Kind kind);  // reports when it is another kind

struct Default {};  // the rule of a type: read(value, target)

// A map being read. Every key asked for is known; finish() reports the rest. Must be finished.
class Map {
 public:
  explicit Map(const Value& value);  // `value` is a map
  Map(Map&& other) noexcept;
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;
  Map& operator=(Map&&) = delete;

  ~Map() { CHECK(is_finished_); }

  // True when the key is there and its value was good. A missing required key is an error.
  template <class T, class Rule = Default>
  bool required(std::string_view key, T& target, const Rule& rule = {}) {
    if (!has(key)) error(fmt::format("\"{}\" is missing", key));
    return optional(key, target, rule);
  }

  template <class T, class Rule = Default>
  bool optional(std::string_view key, T& target, const Rule& rule = {});

  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }

  // The value of a key that is there.
  [[nodiscard]] Value value(std::string_view key);

  [[nodiscard]] SourcePos pos() const { return value_.pos(); }

  [[nodiscard]] const std::string& path() const { return value_.path(); }

  void error(std::string message) const { value_.error(std::move(message)); }

  template <class T>
  [[nodiscard]] T finish(T result) && {
    std::move(*this).finish();
    return result;
  }

  void finish() &&;          // reports every key nobody asked for
  void finish_partial() &&;  // other keys belong to another part

 private:
  [[nodiscard]] const Member* find(std::string_view key) const;
  void report_unknown(const Member& member) const;

  Value value_;
  std::vector<std::string_view> known_;
  bool is_finished_ = false;
};

namespace detail {

template <class T>
struct Optional : std::false_type {};

template <class T>
struct Optional<std::optional<T>> : std::true_type {};

}  // namespace detail

// Applies a rule; an optional target is set only by a good value.
template <class T, class Rule>
bool apply(const Value& value, T& target, const Rule& rule) {
  if constexpr (detail::Optional<T>::value) {
    typename T::value_type inner{};
    if (!apply(value, inner, rule)) return false;
    target = std::move(inner);
    return true;
  } else if constexpr (std::is_same_v<Rule, Default>) {
    return read(value, target);
  } else {
    return rule(value, target);
  }
}

template <class T, class Rule>
bool Map::optional(std::string_view key, T& target, const Rule& rule) {
  known_.push_back(key);
  return has(key) && apply(value(key), target, rule);
}

}  // namespace ravelin::base::yaml

#include "base/io/yaml_rules.h"
