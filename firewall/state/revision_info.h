// info.json of a revision. Pure; any thread.
#pragma once

#include "firewall/state/state_dir.h"

#include <string>
#include <string_view>

namespace ravelin::firewall {

std::string format_info(const RevisionInfo& info);
Result<RevisionInfo> parse_info(std::string_view text);

}  // namespace ravelin::firewall
