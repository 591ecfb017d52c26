// A discrete-event simulator of a pool: clients in a closed or open loop, several workers that
// balance with the product's own Balancer, and servers with service times, queues and moods of
// their own. The same scenario and seed give the same result everywhere. Pure; one thread; a
// simulated second of a thousand requests takes about a millisecond.
//
//   Scenario scenario{.servers = {{.name = "a"}, {.name = "b", .service_ms = 30}}};
//   scenario.balance = Balance::power_of_two;
//   const SimulationResult result = simulate(scenario);
//   result.latency_ms(0.99);
//
// To try a controller of weights, give it as `controller`: it is called every `control_every_ms`
// with what each server did since its last call, and may set weights, which hold from then on.
#pragma once

#include "gateway/balance/balancer.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace ravelin::simulator {

enum class Spread : std::uint8_t {
  fixed,        // every request takes the mean
  exponential,  // as if each request were as likely to end at any moment
  heavy,        // log-normal, sigma 1: one of a hundred takes six times the mean
};

struct SimulatedServer {
  std::string name;
  std::uint32_t weight = 1;
  double service_ms = 10;  // mean of one request at speed 1, without waiting
  Spread spread = Spread::exponential;
  std::uint32_t parallel = 4;         // requests served at once; the rest waits, first come
  std::uint32_t connections_max = 0;  // as in the configuration; 0 = no limit
};

struct Change {
  enum class What : std::uint8_t {
    down,    // takes no new requests; those it has end well
    up,      //
    speed,   // `value` times as fast as its service_ms says
    errors,  // that part (0 to 1) of its requests fails after kErrorMs
    weight,  // as an operator would set it
  };
  double at_ms = 0;
  std::size_t server = 0;
  What what = What::down;
  double value = 0;
};

// What one server did since the last call of the controller.
struct ServerWindow {
  std::uint64_t completed = 0;  // without errors
  std::uint64_t errors = 0;
  double latency_ms_sum = 0;    // of the completed: service and waiting
  std::uint32_t in_flight = 0;  // now, by all workers
  bool is_up = true;

  [[nodiscard]] double latency_ms_mean() const {
    return completed == 0 ? 0 : latency_ms_sum / static_cast<double>(completed);
  }
};

// `weights` are those in use (at most gateway::Balancer::kWeightMax) and may be written.
using WeightController = std::function<void(double now_ms, std::span<const ServerWindow> servers,
                                            std::span<std::uint32_t> weights)>;

struct Scenario {
  std::vector<SimulatedServer> servers;
  std::vector<Change> changes;  // in order of time
  gateway::Balance balance = gateway::Balance::round_robin;
  std::uint32_t load_max_percent = 125;  // of Balance::hash
  std::uint32_t clients = 64;            // each waits for its response, thinks, and asks again
  double think_ms = 10;                  // mean, exponential
  // Not 0: an open loop instead. Requests are due at this rate, whoever is free makes them, and
  // what is overdue is made up for; latencies count from when a request was due.
  double requests_per_s = 0;
  std::uint32_t workers = 4;   // client i is connected to worker i % workers
  std::uint32_t keys = 1'000;  // of requests, for Balance::hash
  double key_skew = 0;         // Zipf's exponent: 0 = all keys alike, 1 = as words are
  double duration_ms = 10'000;
  double warmup_ms = 1'000;  // requests that begin before this are not in the result
  double sample_every_ms = 100;
  std::uint64_t seed = 1;
  WeightController controller;  // empty = weights stay
  double control_every_ms = 250;
};

struct SimulationResult {
  struct Server {
    std::uint64_t requests = 0;  // completed, with or without errors
    std::uint64_t errors = 0;
    std::uint32_t in_flight_most = 0;
  };

  // One server in one interval of the timeline.
  struct Sample {
    std::uint64_t completed = 0;
    double latency_ms_mean = 0;
    std::uint32_t in_flight = 0;  // at its end
    std::uint32_t weight = 0;
  };

  std::vector<Server> servers;
  std::vector<std::vector<Sample>> timeline;  // by interval, by server; warm-up included
  std::vector<double> latencies_ms;           // sorted; of completed requests without errors
  std::uint64_t refused = 0;                  // no server took the request; the client asks again
  double bound_used_most = 0;  // most in flight on a server, as a part of what hash allows it

  // The latency that part (0 to 1) of all requests does not exceed.
  [[nodiscard]] double latency_ms(double part) const;
  [[nodiscard]] double share(std::size_t server) const;  // of all requests
  [[nodiscard]] double requests_per_s(const Scenario& scenario) const;
  // How restless a server's load is: the standard deviation of its in-flight samples after the
  // warm-up, in parts of their mean.
  [[nodiscard]] double restlessness(std::size_t server, const Scenario& scenario) const;
};

inline constexpr double kErrorMs = 1;

SimulationResult simulate(const Scenario& scenario);

}  // namespace ravelin::simulator
