// `abuse` and `overload`: when the gateway stops being obliging, to one client and to all.
#pragma once

#include "base/io/yaml.h"
#include "gateway/config/abuse_config.h"
#include "gateway/config/overload_config.h"

namespace ravelin::gateway {

AbuseConfig parse_abuse(base::yaml::Map map);
OverloadConfig parse_overload(base::yaml::Map map);

}  // namespace ravelin::gateway
