// `pools[].discover`: where a pool finds servers besides those it lists.
#pragma once

#include "base/io/yaml.h"
#include "gateway/config/config.h"

namespace ravelin::gateway {

// `proxy` holds for found servers, unless `server` says something else.
DiscoverConfig parse_discover(base::yaml::Map map, const UpstreamProxyConfig& proxy);

}  // namespace ravelin::gateway
