// The parts of outline(), by section of the file; each adds one entry to a list.
#pragma once

#include "gateway/config/outline.h"
#include "gateway/config/places.h"

#include <string>

namespace ravelin::gateway {

// `key`: the listener's key path.
void add_listener(Outline& listeners, const ListenerConfig& listener, const std::string& key,
                  const Places& places);
void add_route(Outline& routes, const RouteConfig& route);
void add_pool(Outline& pools, const PoolConfig& pool);

}  // namespace ravelin::gateway
