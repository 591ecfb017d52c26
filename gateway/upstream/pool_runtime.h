// PoolRuntime: a pool of one generation with what is made from its configuration. A value; built on
// the control thread.
#pragma once

#include "gateway/observe/gateway_metrics.h"
#include "gateway/tls/upstream_context.h"
#include "gateway/upstream/pool.h"

#include <memory>
#include <string>
#include <vector>

namespace ravelin::gateway {

struct PoolRuntime {
  std::shared_ptr<Pool> pool;
  std::vector<std::shared_ptr<const UpstreamContext>> tls;  // one per server, null = in the clear
  PoolMetrics* metrics = nullptr;
  std::string sticky_secret;  // what the cookies of `sticky` are made with; "" = none
};

}  // namespace ravelin::gateway
