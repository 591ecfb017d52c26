// Which part of a split a client stays in: by the hash of a value it sends, the same on every
// worker and every gateway, and after a restart. Pure, no allocation; any thread.
#pragma once

#include "gateway/config/route_rules_config.h"
#include "gateway/http/fields.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace ravelin::gateway {

// The value of the header or cookie, or nothing when the request has none or an empty one.
std::optional<std::string_view> sticky_value(const SplitStickiness& sticky,
                                             const FieldList& fields);

// Index of a part, in proportion to the weights, of which one at least is not 0. When weight moves
// from one of two parts to the other, only the clients of that share change their part.
std::size_t sticky_part(std::string_view value, std::span<const SplitPart> parts);

// The first cookie of this name (RFC 6265 section 4.2).
std::optional<std::string_view> cookie_value(const FieldList& fields, std::string_view name);

}  // namespace ravelin::gateway
