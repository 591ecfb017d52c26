#include "gateway/runtime/logged_bans.h"

#include "base/io/log.h"
#include "base/text.h"

namespace ravelin::gateway {
namespace {

// The metric counts them all.
base::LogRate ban_log_rate(20);

}  // namespace

void LoggedBans::ban(const messages::BanRequest& request) {
  base::log_limited(ban_log_rate, base::LogLevel::warn, "abuse", "client banned",
                    {{"client", base::to_string(request.target)},
                     {"reason", request.reason},
                     {"for", base::format_duration(request.duration)},
                     {"listener", request.where},
                     {"request", request.request_id}});
}

}  // namespace ravelin::gateway
