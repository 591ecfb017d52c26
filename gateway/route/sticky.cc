#include "gateway/route/sticky.h"

#include "base/hash.h"
#include "gateway/http1/cookie.h"

#include <cstdint>

namespace ravelin::gateway {
namespace {

// FNV-1a, then the finaliser of MurmurHash3, because the upper bits decide. A client that looks for
// a value of the part it likes may find one: this spreads, it does not guard.
std::uint64_t hash(std::string_view value) {
  std::uint64_t state = base::fnv1a(value);
  state = (state ^ (state >> 33)) * 0xff51afd7ed558ccd;
  state = (state ^ (state >> 33)) * 0xc4ceb9fe1a85ec53;
  return state ^ (state >> 33);
}

std::optional<std::string_view> header_value(const FieldList& fields, std::string_view name) {
  const Field* field = find_named(fields, name);
  return field == nullptr ? std::nullopt : std::optional(field->value);
}

}  // namespace

std::optional<std::string_view> cookie_value(const FieldList& fields, std::string_view name) {
  if (!fields.has(FieldId::cookie)) return std::nullopt;
  for (const Field& field : fields) {
    if (field.id != FieldId::cookie) continue;
    std::string_view list = field.value;
    for (http1::Cookie cookie; http1::next_cookie(list, cookie);) {
      const std::size_t equals = cookie.text.find('=');
      if (equals != list.npos && cookie.text.substr(0, equals) == name)
        return cookie.text.substr(equals + 1);
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> sticky_value(const SplitStickiness& sticky,
                                             const FieldList& fields) {
  std::optional<std::string_view> value;
  if (sticky.by == SplitStickiness::By::header) value = header_value(fields, sticky.name);
  if (sticky.by == SplitStickiness::By::cookie) value = cookie_value(fields, sticky.name);
  return value && value->empty() ? std::nullopt : value;
}

std::size_t sticky_part(std::string_view value, std::span<const SplitPart> parts) {
  std::uint64_t total = 0;
  for (const SplitPart& part : parts)
    total += part.weight;
  // The upper 32 bits, scaled to the total: weights are at most a million, parts at most 16.
  std::uint64_t point = (hash(value) >> 32) * total >> 32;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    if (point < parts[i].weight) return i;
    point -= parts[i].weight;
  }
  return parts.size() - 1;
}

}  // namespace ravelin::gateway
