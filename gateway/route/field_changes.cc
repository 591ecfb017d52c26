#include "gateway/route/field_changes.h"

#include "base/text.h"

#include <algorithm>

namespace ravelin::gateway {

FieldChanges::FieldChanges(const FieldRules& rules) {
  written_.reserve(rules.set.size() + rules.add.size());
  for (const std::string& name : rules.remove)
    add_dropped(name);
  for (const FieldRules::Rule& rule : rules.set) {
    add_dropped(rule.name);
    written_.push_back(rule);
  }
  written_.insert(written_.end(), rules.add.begin(), rules.add.end());
}

void FieldChanges::add_dropped(const std::string& name) {
  const FieldId id = find_field(name);
  if (id == FieldId::unknown) {
    unknown_.push_back(name);
  } else {
    known_ |= field_bit(id);
  }
}

bool FieldChanges::drops(const Field& field) const {
  if (field.id != FieldId::unknown) return (known_ & field_bit(field.id)) != 0;
  return std::ranges::any_of(
      unknown_, [&field](const std::string& name) { return base::iequals(name, field.name); });
}

void FieldChanges::write(http1::ByteWriter& out, const TemplateValues& values) const {
  for (const FieldRules::Rule& rule : written_) {
    out.append(rule.name);
    out.append(": ");
    expand(rule.value, values, [&out](std::string_view piece) { out.append(piece); });
    out.append("\r\n");
  }
}

std::size_t FieldChanges::bytes(const TemplateValues& values) const {
  constexpr std::size_t kAroundValue = 4;  // ": " and the line's end
  std::size_t total = 0;
  for (const FieldRules::Rule& rule : written_) {
    total += rule.name.size() + kAroundValue;
    expand(rule.value, values, [&total](std::string_view piece) { total += piece.size(); });
  }
  return total;
}

}  // namespace ravelin::gateway
