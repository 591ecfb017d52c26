#include "bench/simulator/simulator.h"

#include "base/check.h"
#include "bench/simulator/random.h"

#include <cmath>
#include <deque>
#include <memory>
#include <queue>

namespace ravelin::simulator {
namespace {

using gateway::Balance;
using gateway::Balancer;
using gateway::ServerState;

struct Request {
  double began_ms = 0;  // for its client
  double sent_ms = 0;
  std::size_t client = 0;
  std::size_t server = 0;
  bool fails = false;
};

struct Event {
  enum class Kind : std::uint8_t { ask, due, done, change, control, sample };
  double at_ms = 0;
  std::uint64_t order = 0;  // of events at the same moment
  Kind kind = Kind::ask;
  Request request;        // of done; its client of ask
  std::size_t index = 0;  // of change

  friend bool operator>(const Event& a, const Event& b) {
    return a.at_ms != b.at_ms ? a.at_ms > b.at_ms : a.order > b.order;
  }
};

// A server at work.
struct Working {
  double speed = 1;
  double error_part = 0;
  std::uint32_t in_flight = 0;
  std::uint32_t serving = 0;
  std::deque<Request> waiting;
  ServerWindow since_control;
  ServerWindow since_sample;
};

class Simulation {
 public:
  explicit Simulation(const Scenario& scenario);

  SimulationResult run();

  // What balancers ask.
  [[nodiscard]] bool has_room(std::size_t server) const {
    const std::uint32_t limit = scenario_.servers[server].connections_max;
    return limit == 0 || working_[server].in_flight < limit;
  }

  [[nodiscard]] std::uint32_t in_flight(std::size_t server) const {
    return working_[server].in_flight;
  }

 private:
  void plan(double at_ms, Event::Kind kind, const Request& request = {}, std::size_t index = 0) {
    events_.push({at_ms, next_order_++, kind, request, index});
  }

  void rest(std::size_t client) {
    if (scenario_.requests_per_s != 0) {
      free_.push_back(client);
      return ask_what_is_due();
    }
    plan(now_ms_ + random_.exponential(scenario_.think_ms), Event::Kind::ask, {.client = client});
  }

  void handle(const Event& event);
  void ask_what_is_due();
  void ask(std::size_t client, double since_ms);
  void begin(const Request& request);
  void done(const Request& request);
  void apply(const Change& change);
  void control();
  void sample();
  void tell_balancers();
  void note_bound(std::size_t server);
  double service_ms(const Request& request);

  const Scenario& scenario_;
  Random random_;
  Zipf keys_;
  double now_ms_ = 0;
  std::uint64_t next_order_ = 0;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::vector<ServerState> states_;
  std::vector<Working> working_;
  std::vector<Balancer> balancers_;  // one of each worker
  std::deque<std::size_t> free_;     // clients of an open loop
  double due_ms_ = 0;                // of its next request
  SimulationResult result_;
};

Simulation::Simulation(const Scenario& scenario)
    : scenario_(scenario),
      random_(scenario.seed),
      keys_(scenario.keys, scenario.key_skew),
      working_(scenario.servers.size()) {
  Balancer::Options options;
  options.load_max_percent = scenario.load_max_percent;
  std::vector<std::string_view> names;
  for (const SimulatedServer& server : scenario.servers) {
    names.push_back(server.name);
    states_.push_back({.weight = server.weight, .usable = true, .usable_in_panic = true});
  }
  if (scenario.balance == Balance::hash)
    options.ring = std::make_shared<const gateway::HashRing>(names);
  for (std::uint32_t worker = 0; worker < scenario.workers; ++worker)
    balancers_.emplace_back(scenario.balance, worker, options);
  result_.servers.resize(scenario.servers.size());
  tell_balancers();
}

void Simulation::tell_balancers() {
  for (Balancer& balancer : balancers_)
    balancer.update(states_);
}

SimulationResult Simulation::run() {
  for (std::size_t client = 0; client < scenario_.clients; ++client)
    rest(client);
  for (std::size_t i = 0; i < scenario_.changes.size(); ++i)
    plan(scenario_.changes[i].at_ms, Event::Kind::change, {}, i);
  plan(scenario_.sample_every_ms, Event::Kind::sample);
  if (scenario_.controller) plan(scenario_.control_every_ms, Event::Kind::control);
  while (!events_.empty() && events_.top().at_ms <= scenario_.duration_ms) {
    const Event event = events_.top();
    events_.pop();
    now_ms_ = event.at_ms;
    handle(event);
  }
  std::ranges::sort(result_.latencies_ms);
  return std::move(result_);
}

void Simulation::handle(const Event& event) {
  switch (event.kind) {
    case Event::Kind::ask:
      return ask(event.request.client, now_ms_);
    case Event::Kind::due:
      return ask_what_is_due();
    case Event::Kind::done:
      return done(event.request);
    case Event::Kind::change:
      return apply(scenario_.changes[event.index]);
    case Event::Kind::control:
      return control();
    case Event::Kind::sample:
      return sample();
  }
}

void Simulation::ask_what_is_due() {
  while (due_ms_ <= now_ms_ && !free_.empty()) {
    const std::size_t client = free_.front();
    free_.pop_front();
    const double since_ms = std::exchange(due_ms_, due_ms_ + 1'000 / scenario_.requests_per_s);
    plan(due_ms_, Event::Kind::due);
    ask(client, since_ms);
  }
}

void Simulation::ask(std::size_t client, double since_ms) {
  Balancer& balancer = balancers_[client % balancers_.size()];
  const std::uint64_t key = gateway::mix_bits(keys_.draw(random_) + 1);
  const std::size_t server = balancer.pick(*this, {}, key);
  if (server == Balancer::kNone) {
    ++result_.refused;
    return rest(client);
  }
  Working& working = working_[server];
  ++working.in_flight;
  note_bound(server);
  SimulationResult::Server& total = result_.servers[server];
  total.in_flight_most = std::max(total.in_flight_most, working.in_flight);
  const Request request{
      .began_ms = since_ms,
      .sent_ms = now_ms_,
      .client = client,
      .server = server,
      .fails = working.error_part != 0 && random_.uniform() <= working.error_part};
  if (request.fails) return plan(now_ms_ + kErrorMs, Event::Kind::done, request);
  if (working.serving < scenario_.servers[server].parallel) return begin(request);
  working.waiting.push_back(request);
}

void Simulation::begin(const Request& request) {
  ++working_[request.server].serving;
  plan(now_ms_ + service_ms(request), Event::Kind::done, request);
}

double Simulation::service_ms(const Request& request) {
  const SimulatedServer& server = scenario_.servers[request.server];
  const double mean = server.service_ms / working_[request.server].speed;
  switch (server.spread) {
    case Spread::fixed:
      return mean;
    case Spread::exponential:
      return random_.exponential(mean);
    case Spread::heavy:
      return random_.log_normal(mean, 1);
  }
  return mean;
}

void Simulation::done(const Request& request) {
  Working& working = working_[request.server];
  --working.in_flight;
  const double latency = now_ms_ - request.began_ms;
  for (ServerWindow* window : {&working.since_control, &working.since_sample}) {
    if (request.fails) {
      ++window->errors;
    } else {
      ++window->completed;
      window->latency_ms_sum += now_ms_ - request.sent_ms;
    }
  }
  if (request.began_ms >= scenario_.warmup_ms) {
    SimulationResult::Server& total = result_.servers[request.server];
    ++total.requests;
    if (request.fails) {
      ++total.errors;
    } else {
      result_.latencies_ms.push_back(latency);
    }
  }
  if (!request.fails) {
    --working.serving;
    if (!working.waiting.empty()) {
      const Request next = working.waiting.front();
      working.waiting.pop_front();
      begin(next);
    }
  }
  rest(request.client);
}

void Simulation::apply(const Change& change) {
  switch (change.what) {
    case Change::What::down:
      states_[change.server].usable = false;
      break;
    case Change::What::up:
      states_[change.server].usable = true;
      break;
    case Change::What::speed:
      CHECK(change.value > 0);
      working_[change.server].speed = change.value;
      break;
    case Change::What::errors:
      working_[change.server].error_part = change.value;
      break;
    case Change::What::weight:
      states_[change.server].weight = static_cast<std::uint32_t>(change.value);
      break;
  }
  tell_balancers();
}

void Simulation::control() {
  std::vector<ServerWindow> windows;
  std::vector<std::uint32_t> weights;
  for (std::size_t i = 0; i < working_.size(); ++i) {
    ServerWindow window = std::exchange(working_[i].since_control, {});
    window.in_flight = working_[i].in_flight;
    window.is_up = states_[i].usable;
    windows.push_back(window);
    weights.push_back(states_[i].weight);
  }
  scenario_.controller(now_ms_, windows, weights);
  for (std::size_t i = 0; i < states_.size(); ++i)
    states_[i].weight = weights[i];
  tell_balancers();
  plan(now_ms_ + scenario_.control_every_ms, Event::Kind::control);
}

void Simulation::sample() {
  std::vector<SimulationResult::Sample>& samples = result_.timeline.emplace_back();
  for (std::size_t i = 0; i < working_.size(); ++i) {
    const ServerWindow window = std::exchange(working_[i].since_sample, {});
    samples.push_back(
        {window.completed, window.latency_ms_mean(), working_[i].in_flight, states_[i].weight});
  }
  plan(now_ms_ + scenario_.sample_every_ms, Event::Kind::sample);
}

void Simulation::note_bound(std::size_t server) {
  if (scenario_.balance != Balance::hash || scenario_.load_max_percent == 0) return;
  const std::vector<std::uint32_t>& shares = balancers_.front().plan().shares;
  double share = 0;
  double in_flight = 0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (shares[i] == 0) continue;
    share += shares[i];
    in_flight += working_[i].in_flight;
  }
  const double allowed =
      std::ceil(scenario_.load_max_percent / 100.0 * shares[server] / share * in_flight - 1e-9);
  result_.bound_used_most =
      std::max(result_.bound_used_most, working_[server].in_flight / std::max(1.0, allowed));
}

}  // namespace

double SimulationResult::latency_ms(double part) const {
  if (latencies_ms.empty()) return 0;
  const auto rank =
      static_cast<std::size_t>(std::ceil(part * static_cast<double>(latencies_ms.size())));
  return latencies_ms[std::clamp<std::size_t>(rank, 1, latencies_ms.size()) - 1];
}

double SimulationResult::share(std::size_t server) const {
  double all = 0;
  for (const Server& each : servers)
    all += static_cast<double>(each.requests);
  return all == 0 ? 0 : static_cast<double>(servers[server].requests) / all;
}

double SimulationResult::requests_per_s(const Scenario& scenario) const {
  return static_cast<double>(latencies_ms.size()) * 1'000 /
         (scenario.duration_ms - scenario.warmup_ms);
}

double SimulationResult::restlessness(std::size_t server, const Scenario& scenario) const {
  const auto skipped = static_cast<std::size_t>(scenario.warmup_ms / scenario.sample_every_ms);
  double count = 0;
  double sum = 0;
  double squares = 0;
  for (std::size_t i = skipped; i < timeline.size(); ++i) {
    const double value = timeline[i][server].in_flight;
    count += 1;
    sum += value;
    squares += value * value;
  }
  if (sum == 0) return 0;
  const double mean = sum / count;
  return std::sqrt(std::max(0.0, squares / count - mean * mean)) / mean;
}

SimulationResult simulate(const Scenario& scenario) {
  return Simulation(scenario).run();
}

}  // namespace ravelin::simulator
