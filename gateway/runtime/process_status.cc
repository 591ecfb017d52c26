#include "gateway/runtime/process_status.h"

#include "gateway/observe/metric_families.h"

namespace ravelin::gateway {

void collect_processes(const std::vector<ProcessStatus>& processes, MetricSamples& samples) {
  for (const ProcessStatus& process : processes) {
    samples.set(index(Metric::process_running), {process.role}, process.pid != 0 ? 1 : 0);
    samples.set(index(Metric::process_starts_total), {process.role}, process.starts);
  }
}

}  // namespace ravelin::gateway
