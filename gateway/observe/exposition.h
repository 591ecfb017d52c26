// The Prometheus text format 0.0.4, piece by piece: label escaping, numbers, header lines. Pure;
// any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ravelin::gateway {

// name="value" with \\, \" and \n escaped; a byte that is not UTF-8 becomes U+FFFD (the format is
// UTF-8 text). Appends a comma first when `out` is not empty.
void append_label(std::string& out, std::string_view name, std::string_view value);

// # HELP and # TYPE of a family. `type` is counter, gauge or histogram.
void append_family(std::string& out, std::string_view name, std::string_view help,
                   std::string_view type);

// name{labels} value; braces only with labels.
void append_sample(std::string& out, std::string_view name, std::string_view labels,
                   std::string_view value);

std::string format_value(double value);                  // shortest exact; +Inf, -Inf, NaN
std::string format_seconds(std::uint64_t microseconds);  // exact decimal: 1500 -> "0.0015"

}  // namespace ravelin::gateway
