// The tokens whose keys are served, as operators see them: metrics. Control thread.
#pragma once

#include "gateway/observe/metric_registry.h"
#include "gateway/runtime/gateway.h"

namespace ravelin::gateway {

void collect_tokens(const Gateway& gateway, MetricSamples& samples);

}  // namespace ravelin::gateway
