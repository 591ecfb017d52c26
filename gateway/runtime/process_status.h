// The processes of this program, for the status and the metrics. The control thread.
#pragma once

#include "gateway/admin/admin_backend.h"
#include "gateway/observe/metric_registry.h"

#include <vector>

namespace ravelin::gateway {

void collect_processes(const std::vector<ProcessStatus>& processes, MetricSamples& samples);

}  // namespace ravelin::gateway
