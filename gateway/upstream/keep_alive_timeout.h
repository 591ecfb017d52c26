// How long a server says it keeps an idle connection: `Keep-Alive: timeout=5, max=100` (RFC 2068
// section 19.7.1). Pure; the text comes from a server.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace ravelin::gateway {

// Nothing where it does not say, or says something else than a number of seconds up to a day.
std::optional<std::chrono::seconds> parse_keep_alive_timeout(std::string_view value);

}  // namespace ravelin::gateway
