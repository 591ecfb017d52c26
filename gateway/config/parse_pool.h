// `pools[]`: one pool with its servers as written.
#pragma once

#include "base/io/yaml.h"
#include "gateway/config/config.h"

namespace ravelin::gateway {

PoolConfig parse_pool(base::yaml::Map map);

}  // namespace ravelin::gateway
