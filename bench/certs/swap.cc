// bench_swap STORE NAMES SAMPLES [SOCKET]: what it takes until a new generation of one name is
// served, in microseconds. Without SOCKET within this process: following what was published (its
// files read, parsed and checked), and of that the new view alone. With the admin socket of a
// running gateway: from the line in the journal until all its workers serve it.
#include "bench/certs/admin_asker.h"
#include "bench/certs/names.h"
#include "bench/must.h"
#include "bench/net.h"
#include "certs/store/durable.h"
#include "certs/store/journal.h"
#include "certs/store/store_dir.h"
#include "certs/view/store_follower.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ravelin::bench {
namespace {

using certs::CertificateState;
using certs::HeldPtr;
using certs::JournalEvent;
using certs::Lease;
using certs::StoreDir;
using certs::StoreFollower;
using Clock = std::chrono::steady_clock;

double us_since(Clock::time_point began) {
  return std::chrono::duration<double, std::micro>(Clock::now() - began).count();
}

double thread_cpu_us() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

std::string quantiles(std::vector<double> us) {
  std::ranges::sort(us);
  return fmt::format("{{\"min_us\": {:.1f}, \"p50_us\": {:.1f}, \"p99_us\": {:.1f}}}", us.front(),
                     us[us.size() / 2], us[us.size() * 99 / 100]);
}

// Names from all over the store, none twice in a row.
std::string name_of_sample(unsigned sample, unsigned names) {
  constexpr unsigned kPrime = 7919;
  return store_name(sample % names * kPrime % names);
}

// What is served under a name, once more under the next number.
std::uint64_t keep_next(StoreDir& store, Lease& lease, const std::string& name) {
  const CertificateState state = must(store.state(name));
  return must(store.keep(lease, name, must(store.generation(name, state.current))));
}

void measure_follower(StoreDir& store, unsigned names, unsigned samples) {
  const auto opening = Clock::now();
  const auto follower = must(StoreFollower::open(store.paths().root(), {}));
  const double open_us = us_since(opening);
  std::vector<double> wall, cpu, view;
  for (unsigned i = 0; i < samples; ++i) {
    const std::string name = name_of_sample(i, names);
    {
      const auto lease = must(store.lease(name, "bench"));
      must(store.publish(*lease, name, keep_next(store, *lease, name)));
    }
    const double cpu_before = thread_cpu_us();
    const auto began = Clock::now();
    if (!follower->poll(base::mono_now())) die("the follower missed a change");
    wall.push_back(us_since(began));
    cpu.push_back(thread_cpu_us() - cpu_before);
    const HeldPtr held = must(certs::read_held(store, name, {}, 0));
    const auto swapping = Clock::now();
    const auto next = follower->store_view()->with(held);
    view.push_back(us_since(swapping));
  }
  fmt::print(
      "{{\"open_us\": {:.1f}, \"follow\": {}, \"follow_cpu\": {}, \"view\": {}, \"error\": "
      "null}}\n",
      open_us, quantiles(wall), quantiles(cpu), quantiles(view));
}

// The last step of a publication, in one write: what comes before it in time is the disk's.
Clock::time_point announce(int journal, const std::string& name, std::uint64_t number) {
  const std::string line = certs::format_line({JournalEvent::done, name, number}) + "\n";
  const auto began = Clock::now();
  if (::write(journal, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    die("writing the journal");
  return began;
}

void measure_gateway(StoreDir& store, unsigned names, unsigned samples, const std::string& socket) {
  constexpr auto kPatience = std::chrono::seconds(10);
  AdminAsker asker(socket);
  const int journal = ::open(store.paths().journal().c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (journal < 0) die("opening the journal");
  std::vector<double> us;
  double asks = 0;
  for (unsigned i = 0; i < samples; ++i) {
    const std::string name = name_of_sample(i, names);
    const auto lease = must(store.lease(name, "bench"));
    const std::uint64_t number = keep_next(store, *lease, name);
    must(certs::point_link(store.paths().current(name), "gen/" + certs::number_text(number)));
    asker.connect();
    if (asker.is_served(name, number)) die("served before it was announced");
    const auto began = announce(journal, name, number);
    for (++asks; !asker.is_served(name, number); ++asks)
      if (Clock::now() - began > kPatience) die("the gateway does not serve what was published");
    us.push_back(us_since(began));
  }
  ::close(journal);
  fmt::print("{{\"served\": {}, \"asks\": {:.1f}, \"error\": null}}\n", quantiles(us),
             asks / samples);
}

int run(const std::string& path, unsigned names, unsigned samples, const std::string& socket) {
  StoreDir store = must(StoreDir::open(path));
  if (socket.empty())
    measure_follower(store, names, samples);
  else
    measure_gateway(store, names, samples, socket);
  return 0;
}

}  // namespace
}  // namespace ravelin::bench

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    fmt::print(stderr, "usage: bench_swap STORE NAMES SAMPLES [SOCKET]\n");
    return 2;
  }
  const auto number = [](const char* text) { return static_cast<unsigned>(std::stoul(text)); };
  return ravelin::bench::run(argv[1], number(argv[2]), std::max(1U, number(argv[3])),
                             argc == 5 ? argv[4] : "");
}
