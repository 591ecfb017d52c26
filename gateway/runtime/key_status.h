// What the key process has done, as operators see it: metrics. Control thread.
#pragma once

#include "gateway/observe/metric_registry.h"
#include "gateway/runtime/gateway.h"

namespace ravelin::gateway {

// Nothing where the keys are in this process. False: that process is away, which other metrics
// tell, or does not answer; who asks it more waits in vain.
bool collect_keys(const Gateway& gateway, MetricSamples& samples);

}  // namespace ravelin::gateway
