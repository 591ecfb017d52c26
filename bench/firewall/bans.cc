// bench_firewall_bans POLICY STATE HELD: how long bans take in the process that keeps the table,
// with HELD of them there before. bench_firewall_bans --agent SOCKET HELD: the same, asked for over
// the socket of a resident agent. Prints JSON: microseconds of single bans (median and 99th
// percentile) and of CPU, and bans a second by size of batch.
#include "bench/firewall/desk.h"
#include "messages/channel/seq_socket.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <functional>
#include <span>
#include <thread>
#include <vector>

namespace ravelin::bench {
namespace {

using firewall::BanOrder;
using Clock = std::chrono::steady_clock;

// Addresses in random order, none twice: an odd factor maps 24 bits onto themselves.
class Offenders {
 public:
  BanOrder next() {
    constexpr std::uint32_t kOdd = 0x9e3779b1, kBits24 = 0xffffff;
    const std::uint32_t low = ++count_ * kOdd & kBits24;
    BanOrder order{.target = {{}, 32}, .reason = "a scan of ports", .by = "bench"};
    order.target.address.bytes = {11, static_cast<std::uint8_t>(low >> 16),
                                  static_cast<std::uint8_t>(low >> 8),
                                  static_cast<std::uint8_t>(low)};
    return order;
  }

  std::vector<BanOrder> next(std::size_t count) {
    std::vector<BanOrder> orders;
    while (orders.size() < count)
      orders.push_back(next());
    return orders;
  }

 private:
  std::uint32_t count_ = 0;
};

// Where bans are asked for: the keeper itself, or whoever asks it for us.
using BanDoor = std::function<void(const std::vector<BanOrder>&)>;

BanDoor keeper_door(Desk& desk) {
  return [&desk](const std::vector<BanOrder>& orders) {
    for (auto& answer : must(desk.keeper().ban_all(orders)))
      must(std::move(answer));
  };
}

// Asks for some at once and waits for each answer. Those refused: the agent takes only so many a
// second.
std::vector<BanOrder> ban_over(messages::SeqSocket& agent, std::span<const BanOrder> orders) {
  constexpr std::chrono::seconds kPatience(10);
  std::uint32_t id = 0;
  for (const BanOrder& order : orders)
    must(agent.send(
        {.id = ++id,
         .message = messages::BanRequest{
             .target = order.target, .duration = std::chrono::hours(1), .reason = order.reason}}));
  std::vector<BanOrder> refused;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    const auto received = must(agent.receive(kPatience));
    const auto* result =
        received ? std::get_if<messages::BanResult>(&received->packet.message) : nullptr;
    if (result != nullptr && result->outcome == messages::Outcome::refused)
      refused.push_back(orders[received->packet.id - 1]);
    else if (result == nullptr || result->outcome != messages::Outcome::done)
      give_up(base::fail(base::Errc::unavailable, "the agent did not ban: {}",
                         result == nullptr ? "no answer" : result->text));
  }
  return refused;
}

BanDoor agent_door(messages::SeqSocket& agent) {
  return [&agent](const std::vector<BanOrder>& orders) {
    constexpr std::size_t kUnderWay = 64;  // what waits in a socket has an end
    constexpr int kTriesMax = 1000;
    for (std::size_t at = 0; at < orders.size(); at += kUnderWay) {
      const auto part = std::span(orders).subspan(at, std::min(kUnderWay, orders.size() - at));
      std::vector<BanOrder> left(part.begin(), part.end());
      for (int tries = 0; !left.empty() && tries < kTriesMax; ++tries) {
        if (tries != 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        left = ban_over(agent, left);
      }
      if (!left.empty()) give_up(base::fail(base::Errc::timeout, "the agent refuses to ban"));
    }
  };
}

double cpu_us() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

double us_between(Clock::time_point start, Clock::time_point end) {
  return std::chrono::duration<double, std::micro>(end - start).count();
}

void measure_single(const BanDoor& door, Offenders& offenders) {
  constexpr std::size_t kTimes = 2000;
  std::vector<double> us;
  const double cpu_before = cpu_us();
  for (std::size_t i = 0; i < kTimes; ++i) {
    const std::vector<BanOrder> order{offenders.next()};
    const auto start = Clock::now();
    door(order);
    us.push_back(us_between(start, Clock::now()));
  }
  const double cpu = (cpu_us() - cpu_before) / kTimes;
  std::ranges::sort(us);
  fmt::print("\"single_us\": {:.1f}, \"single_p99_us\": {:.1f}, \"single_cpu_us\": {:.1f}",
             us[kTimes / 2], us[kTimes * 99 / 100], cpu);
}

void measure_batches(const BanDoor& door, Offenders& offenders) {
  constexpr std::size_t kBans = 16'384;
  for (const std::size_t size : {64, 256, 1024}) {
    std::vector<std::vector<BanOrder>> batches;
    for (std::size_t i = 0; i < kBans; i += size)
      batches.push_back(offenders.next(size));
    const double cpu_before = cpu_us();
    const auto start = Clock::now();
    for (const auto& batch : batches)
      door(batch);
    const double us = us_between(start, Clock::now());
    fmt::print(", \"batch_{}\": {{\"bans_per_second\": {:.0f}, \"cpu_us\": {:.2f}}}", size,
               kBans * 1e6 / us, (cpu_us() - cpu_before) / kBans);
  }
}

void measure(const BanDoor& door, std::size_t held) {
  Offenders offenders;
  constexpr std::size_t kAtOnce = 1024;
  for (std::size_t i = 0; i < held; i += kAtOnce)
    door(offenders.next(kAtOnce));
  fmt::print("{{");
  measure_single(door, offenders);
  measure_batches(door, offenders);
  fmt::print("}}\n");
}

int run(const std::string& first, const std::string& second, std::size_t held) {
  if (first == "--agent") {
    messages::SeqSocket agent = must(messages::SeqSocket::connect(second));
    measure(agent_door(agent), held);
    return 0;
  }
  const auto desk = Desk::open(second);
  desk->apply(first);
  measure(keeper_door(*desk), held);
  return 0;
}

}  // namespace
}  // namespace ravelin::bench

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: bench_firewall_bans POLICY STATE HELD | --agent SOCKET HELD\n");
    return 2;
  }
  return ravelin::bench::run(argv[1], argv[2], std::stoul(argv[3]));
}
