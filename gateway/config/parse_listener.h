// `listeners[]`: one listener with its routes as written.
#pragma once

#include "base/io/yaml.h"
#include "gateway/config/config.h"

namespace ravelin::gateway {

// `profile` holds for TLS listeners that name none.
ListenerConfig parse_listener(base::yaml::Map map, TlsProfile profile);

}  // namespace ravelin::gateway
