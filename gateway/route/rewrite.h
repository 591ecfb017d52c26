// The path a server gets instead of the one that was routed. Pure; any thread; never allocates.
#pragma once

#include "gateway/config/route_config.h"

#include <optional>
#include <span>
#include <string_view>

namespace ravelin::gateway {

// `path` is canonical and matches `match`, the route's. The result is canonical too: it views the
// rule, or `scratch`. Nothing when `scratch` is too small; path.size() + rule.path.size() + 1 bytes
// suffice. What follows the matched prefix follows the new one, with one slash in between:
// under path: /v1 and prefix: /new, /v1/a becomes /new/a, and /v1 becomes /new.
std::optional<std::string_view> rewrite_path(const RewriteRule& rule, const RouteMatch& match,
                                             std::string_view path, std::span<char> scratch);

}  // namespace ravelin::gateway
