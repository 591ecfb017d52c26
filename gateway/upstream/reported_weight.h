// What a server may say of its own weight, as text: "75%" or "75", in percent of the configured
// one. Pure; the text comes from a server.
#pragma once

#include "gateway/http/fields.h"

#include <optional>
#include <string_view>

namespace ravelin::gateway {

inline constexpr unsigned kReportedPercentMax = 256;  // as HAProxy's agents

// 0 to kReportedPercentMax, a percent sign or none; nothing for any other text.
std::optional<int> parse_weight_percent(std::string_view text);

// From the first field of that name (in any letter case); nothing without one, or where it says
// something else.
std::optional<int> find_reported_weight(const FieldList& fields, std::string_view name);

}  // namespace ravelin::gateway
