// The dashboard: one page that shows /v1/status and asks again every two seconds. Constant text; no
// script or style but ours.
#pragma once

#include <string_view>

namespace ravelin::gateway {

extern const std::string_view kDashboardPage;
extern const std::string_view kDashboardScript;
extern const std::string_view kDashboardStyle;

inline constexpr std::string_view kDashboardSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

}  // namespace ravelin::gateway
