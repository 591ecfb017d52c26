#include "gateway/config/access_fields.h"

#include <algorithm>
#include <charconv>

namespace ravelin::gateway {
namespace {

// Below 100, from the last digits of an id, which are as good as drawn.
std::uint32_t draw_from(std::string_view id) {
  constexpr std::size_t kDigits = 8;
  const std::string_view end = id.substr(id.size() > kDigits ? id.size() - kDigits : 0);
  std::uint32_t value = 0;
  std::from_chars(end.data(), end.data() + end.size(), value, 16);
  return static_cast<std::uint32_t>((std::uint64_t{value} * 100) >> 32);
}

}  // namespace

std::optional<AccessField> find_access_field(std::string_view name) {
  const auto* const found = std::ranges::find(kAccessFieldNames, name);
  if (found == kAccessFieldNames.end()) return std::nullopt;
  return static_cast<AccessField>(found - kAccessFieldNames.begin());
}

AccessFieldSet access_fields(const LogConfig& config) {
  AccessFieldSet set = config.fields.empty() ? AccessFieldSet::all() : AccessFieldSet::none();
  for (const std::string& name : config.fields) {
    if (const auto field = find_access_field(name)) set.add(*field);
  }
  for (const std::string& name : config.fields_without) {
    if (const auto field = find_access_field(name)) set.remove(*field);
  }
  return set;
}

bool is_kept(const AccessSampleConfig& sample, const AccessFacts& facts) {
  if (sample.percent == 100) return true;
  if (sample.always_errors && (!facts.is_well || facts.status >= 500)) return true;
  if (sample.slow && facts.total >= *sample.slow) return true;
  return draw_from(facts.id) < static_cast<std::uint32_t>(sample.percent);
}

}  // namespace ravelin::gateway
