// Runs the scenarios of docs/balancing.md and writes what they gave: FOLDER/summary.csv (a row for
// each scenario and algorithm) and FOLDER/timeline.csv (a row for each interval and server).
//   bench_simulate_balancing FOLDER
#include "bench/simulator/scenarios.h"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <string>

namespace ravelin::simulator {
namespace {

class Report {
 public:
  explicit Report(const std::string& folder)
      : summary_(folder + "/summary.csv"), timeline_(folder + "/timeline.csv") {
    summary_ << "scenario,algorithm,requests_per_s,p50_ms,p99_ms,least_share,most_share,"
                "last_restlessness,bound_used_most\n";
    timeline_ << "scenario,algorithm,at_ms,server,completed,latency_ms,in_flight\n";
  }

  void add(std::string_view name, std::string_view algorithm, const Scenario& scenario) {
    const SimulationResult result = simulate(scenario);
    double least = 1;
    double most = 0;
    for (std::size_t i = 0; i < scenario.servers.size(); ++i) {
      least = std::min(least, result.share(i));
      most = std::max(most, result.share(i));
    }
    summary_ << fmt::format(
        "{},{},{:.0f},{:.2f},{:.2f},{:.4f},{:.4f},{:.3f},{:.3f}\n", name, algorithm,
        result.requests_per_s(scenario), result.latency_ms(0.5), result.latency_ms(0.99), least,
        most, result.restlessness(scenario.servers.size() - 1, scenario), result.bound_used_most);
    for (std::size_t at = 0; at < result.timeline.size(); ++at) {
      for (std::size_t i = 0; i < scenario.servers.size(); ++i) {
        const SimulationResult::Sample& sample = result.timeline[at][i];
        timeline_ << fmt::format("{},{},{:.0f},{},{},{:.2f},{}\n", name, algorithm,
                                 static_cast<double>(at + 1) * scenario.sample_every_ms, i,
                                 sample.completed, sample.latency_ms_mean, sample.in_flight);
      }
    }
  }

  bool finish() {
    summary_.close();
    timeline_.close();
    return !summary_.fail() && !timeline_.fail();
  }

 private:
  std::ofstream summary_;
  std::ofstream timeline_;
};

bool run(const std::string& folder) {
  Report report(folder);
  for (const Algorithm& algorithm : kAlgorithms) {
    report.add("weighted_servers", algorithm.name, weighted_servers(algorithm.balance));
    report.add("slow_server", algorithm.name, slow_server(algorithm.balance));
    report.add("changing_server", algorithm.name, changing_server(algorithm.balance));
    report.add("leaving_server", algorithm.name, leaving_server(algorithm.balance));
  }
  report.add("hot_keys", "no bound", hot_keys(0));
  for (const std::uint32_t percent : {200U, 150U, 125U})
    report.add("hot_keys", fmt::format("{} %", percent), hot_keys(percent));
  return report.finish();
}

}  // namespace
}  // namespace ravelin::simulator

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: bench_simulate_balancing FOLDER\n", stderr);
    return 2;
  }
  if (ravelin::simulator::run(argv[1])) return 0;
  std::fputs("could not write into the folder\n", stderr);
  return 4;
}
