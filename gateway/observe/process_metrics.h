// The process_* metrics: what /proc says about this process. Called at scrape time, on the scraping
// thread; reads five small files.
#pragma once

#include "gateway/observe/metric_registry.h"

namespace ravelin::gateway {

// Sets the process_* families of gateway_metrics; what /proc does not tell is left out.
void collect_process_metrics(MetricSamples& samples);

}  // namespace ravelin::gateway
