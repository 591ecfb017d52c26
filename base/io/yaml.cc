#include "base/io/yaml.h"

#include "base/io/yaml_text.h"
#include "base/text.h"

#include <algorithm>
#include <limits>

namespace ravelin::base::yaml {
namespace {

constexpr std::size_t kSuggestionsMax = 64;  // longer words are no typing errors

std::string_view described(Kind kind) {
  switch (kind) {
    case Kind::empty:
      return "nothing";
    case Kind::scalar:
      return "a single value";
    case Kind::list:
      return "a list";
    case Kind::map:
      return "a map";
  }
  return "";
}

}  // namespace

void Report::error(SourcePos pos, std::string key, std::string message) {
  if (is_full()) return;
  if (diagnostics.error_count() == kErrorsMax) {
    diagnostics.error(std::move(pos), "", "too many errors; those that follow are not shown");
    return;
  }
  diagnostics.error(std::move(pos), std::move(key), std::move(message));
}

Value::Value(Report& report, const TreeNode& node, std::string path)
    : report_(&report), node_(&node), path_(std::move(path)) {
  if (report.origins != nullptr) report.origins->emplace(path_, pos());
}

Value Value::item(std::size_t index) const {
  CHECK(index < node_->items.size());
  return {*report_, node_->items[index], fmt::format("{}[{}]", path_, index)};
}

Value Value::member(std::size_t index) const {
  CHECK(index < node_->members.size());
  const Member& member = node_->members[index];
  const std::string_view dot = path_.empty() ? "" : ".";
  return {*report_, member.value, fmt::format("{}{}{}", path_, dot, key_text(member.key))};
}

const std::string* Value::scalar(std::string_view expected) const {
  if (is(Kind::scalar)) return &node_->text;
  if (is(Kind::empty)) {
    error("is empty; write a value or remove the key");
  } else {
    error(fmt::format("must be {}, not {}", expected, described(node_->kind)));
  }
  return nullptr;
}

void Value::error(std::string message) const {
  report_->error(pos(), path_, std::move(message));
}

bool expect(const Value& value, Kind kind) {
  if (value.is(kind)) return true;
  if (value.is(Kind::empty)) {
    value.error("is empty; write a value or remove the key");
  } else {
    value.error(fmt::format("must be {}, not {}", described(kind), described(value.node().kind)));
  }
  return false;
}

Map::Map(const Value& value) : value_(value) {
  CHECK(value.is(Kind::map));
}

Map::Map(Map&& other) noexcept
    : value_(std::move(other.value_)),
      known_(std::move(other.known_)),
      is_finished_(std::exchange(other.is_finished_, true)) {}

Value Map::value(std::string_view key) {
  const Member* member = find(key);
  CHECK(member != nullptr);
  known_.push_back(key);
  const std::string_view dot = value_.path().empty() ? "" : ".";
  return {value_.report(), member->value, fmt::format("{}{}{}", value_.path(), dot, key_text(key))};
}

void Map::finish() && {
  is_finished_ = true;
  if (value_.report().known_keys != nullptr)
    (*value_.report().known_keys)[value_.path()].insert(known_.begin(), known_.end());
  for (const Member& member : value_.node().members) {
    if (value_.report().is_full()) return;  // a suggestion costs more than the rest of the reading
    if (std::ranges::find(known_, member.key) == known_.end()) report_unknown(member);
  }
}

void Map::finish_partial() && {
  is_finished_ = true;
}

const Member* Map::find(std::string_view key) const {
  const auto& members = value_.node().members;
  const auto found = std::ranges::find(members, key, &Member::key);
  return found == members.end() ? nullptr : &*found;
}

void Map::report_unknown(const Member& member) const {
  std::string message = fmt::format("unknown key {}", quote(member.key));
  if (member.key.size() <= kSuggestionsMax) {
    if (const auto near = suggest(member.key, known_)) {
      message += fmt::format(" (did you mean \"{}\"?)", *near);
    }
  }
  value_.report().error(member.mark.pos(), value_.path(), std::move(message));
}

}  // namespace ravelin::base::yaml
