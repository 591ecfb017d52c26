#include "gateway/upstream/reported_weight.h"

#include "base/text.h"

namespace ravelin::gateway {

std::optional<int> parse_weight_percent(std::string_view text) {
  if (text.ends_with('%')) text.remove_suffix(1);
  const auto percent = base::parse_u64(text);
  if (!percent || *percent > kReportedPercentMax) return std::nullopt;
  return static_cast<int>(*percent);
}

std::optional<int> find_reported_weight(const FieldList& fields, std::string_view name) {
  const Field* field = find_named(fields, name);
  return field == nullptr ? std::nullopt : parse_weight_percent(field->value);
}

}  // namespace ravelin::gateway
