// `listeners[].tls`: what a listener shows its clients, and what it asks of them.
#pragma once

#include "base/io/yaml.h"
#include "gateway/config/config.h"

namespace ravelin::gateway {

// `profile` holds for a listener that names none.
ListenerTlsConfig parse_listener_tls(base::yaml::Map map, TlsProfile profile);

}  // namespace ravelin::gateway
