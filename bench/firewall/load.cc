// bench_firewall_load: from files to what the kernel enforces, by the same path the agent takes.
//   feed POLICY STATE     applies a policy with its feeds, and ends
//   change POLICY STATE FEED A B C KIND
//                         the same; then FEED, which holds what A does, becomes B, then A again,
//                         then C (A with one entry more); then single elements, hosts or nets by
//                         KIND. Prints the milliseconds of each as JSON
//   depth POLICY          what its connections cost, and how long it takes to compile, as JSON
//   rules COUNT           a table of that many rules one by one, and ends
//   change-rules COUNT    the same; then other rules, then one more
//   print-rules COUNT SEED  that table as nft prints it
#include "bench/firewall/desk.h"
#include "firewall/diff/change.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

namespace ravelin::bench {
namespace {

using firewall::Bytes;
using firewall::Ruleset;
using Clock = std::chrono::steady_clock;

double milliseconds_of(const std::function<void()>& work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

Bytes big_endian(std::uint32_t number, int bytes) {
  Bytes out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(number >> shift));
  return out;
}

firewall::Rule plain_rule(std::uint32_t number, std::uint32_t seed) {
  using firewall::Field;
  constexpr std::uint32_t kFirstAddress = 0x0a000000;
  firewall::Rule rule;
  rule.statements = {
      firewall::Match{.field = Field::ip_saddr,
                      .value = big_endian(kFirstAddress + seed * 65536 + number, 4)},
      firewall::Match{.field = Field::l4proto, .value = {6}},
      firewall::Match{.field = Field::th_dport, .value = big_endian(1 + number % 60'000, 2)},
      firewall::Counter{}, firewall::Verdict{.kind = firewall::Verdict::Kind::accept, .chain = {}}};
  return rule;
}

Ruleset plain_rules(std::uint32_t count, std::uint32_t seed) {
  Ruleset ruleset;
  firewall::Chain chain{.name = "input", .hook = firewall::Hook{}};
  for (std::uint32_t number = 0; number < count; ++number)
    chain.rules.push_back(plain_rule(number, seed));
  ruleset.chains.push_back(std::move(chain));
  return ruleset;
}

// The file appears whole under its name, as whoever fetches feeds does it.
void become(const std::string& feed, const std::string& other) {
  const std::string fresh = feed + ".new";
  std::filesystem::copy_file(other, fresh, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::rename(fresh, feed);
}

void refresh(Desk& desk) {
  if (must(desk.keeper().refresh_feeds()).empty())
    give_up(base::fail(base::Errc::invalid, "the feed did not change"));
}

// Single keys put into the feed's set and taken out again, each in a transaction of its own.
double element_milliseconds(Desk& desk, const std::string& set, bool is_interval) {
  constexpr std::uint32_t kAddress = 0xc6120000;  // of 198.18/15: no feed of the benchmark has it
  constexpr std::uint32_t kTimes = 20;
  double sum = 0;
  for (std::uint32_t i = 0; i < kTimes; ++i) {
    firewall::Element element{.key = big_endian(kAddress + 512 * i, 4)};
    if (is_interval) element.key_end = big_endian(kAddress + 512 * i + 255, 4);
    sum += milliseconds_of([&] {
      must(desk.kernel().apply({firewall::AddElements{set, {element}}}, {}));
    });
    must(desk.kernel().apply({firewall::RemoveElements{set, {element}}}, {}));
  }
  return sum / kTimes;
}

// The set that holds the feed, under the name it stands with.
std::string feed_set(Desk& desk, bool is_interval) {
  const auto part = is_interval ? firewall::FeedPart::nets4 : firewall::FeedPart::hosts4;
  const std::string name = firewall::feed_set_name("list", part);
  for (const firewall::Set& set : desk.keeper().live()->sets) {
    if (set.name.starts_with(name)) return set.name;
  }
  give_up(base::fail(base::Errc::not_found, "the policy has no feed \"list\""));
}

void change_feed(const std::vector<std::string>& words) {
  const std::string& policy = words[0];
  const std::string& state = words[1];
  const std::string& feed = words[2];
  const std::string &first = words[3], &other = words[4], &longer = words[5];
  become(feed, first);
  const auto desk = Desk::open(state);
  const double load = milliseconds_of([&] { desk->apply(policy); });
  std::vector<double> replace, more;
  for (int i = 0; i < 2; ++i) {
    for (const std::string* next : {&other, &first}) {
      become(feed, *next);
      replace.push_back(milliseconds_of([&] { refresh(*desk); }));
    }
    become(feed, longer);
    more.push_back(milliseconds_of([&] { refresh(*desk); }));
    become(feed, first);
    refresh(*desk);
  }
  const bool is_interval = words[6] == "nets";
  const std::string set = feed_set(*desk, is_interval);
  fmt::print(
      "{{\"load\": {:.3f}, \"replace\": [{:.3f}], \"one_more\": [{:.3f}], \"element\": {:.4f}}}\n",
      load, fmt::join(replace, ", "), fmt::join(more, ", "),
      element_milliseconds(*desk, set, is_interval));
}

void print_depth(const std::string& path) {
  const firewall::PolicyBundle bundle = read_policy(path);
  const policies::Policy policy = must(firewall::policy_of(bundle));
  firewall::Compiled compiled;
  const double compile =
      milliseconds_of([&] { compiled = firewall::compile(policy, {.revision = "bench"}); });
  int lookups = 0, plain_rules = 0;
  for (const firewall::PairDepth& depth : compiled.depth) {
    lookups = std::max(lookups, depth.lookups);
    plain_rules = std::max(plain_rules, depth.plain_rules);
  }
  fmt::print("{{\"lookups\": {}, \"plain_rules\": {}, \"notes\": {}, \"compile\": {:.1f}}}\n",
             lookups, plain_rules, compiled.notes.size(), compile);
}

void change_rules(std::uint32_t count) {
  const auto kernel = must(firewall::NetlinkKernel::open());
  const Ruleset first = plain_rules(count, 1), other = plain_rules(count, 2);
  Ruleset more = other;
  more.chains[0].rules.push_back(plain_rule(count, 2));
  const double load = milliseconds_of([&] { must(kernel->apply(firewall::create(first), {})); });
  const double replace =
      milliseconds_of([&] { must(kernel->apply(firewall::change(first, other), {})); });
  const double one_more =
      milliseconds_of([&] { must(kernel->apply(firewall::change(other, more), {})); });
  fmt::print("{{\"load\": {:.3f}, \"replace\": [{:.3f}], \"one_more\": [{:.3f}]}}\n", load, replace,
             one_more);
}

std::uint32_t number(const std::string& text) {
  return static_cast<std::uint32_t>(std::stoul(text));
}

int run(const std::vector<std::string>& words) {
  const std::string what = words.empty() ? "" : words[0];
  const std::vector<std::string> rest(words.empty() ? words.end() : words.begin() + 1, words.end());
  if (what == "feed" && rest.size() == 2) {
    Desk::open(rest[1])->apply(rest[0]);
  } else if (what == "change" && rest.size() == 7) {
    change_feed(rest);
  } else if (what == "depth" && rest.size() == 1) {
    print_depth(rest[0]);
  } else if (what == "rules" && rest.size() == 1) {
    must(must(firewall::NetlinkKernel::open())
             ->apply(firewall::create(plain_rules(number(rest[0]), 1)), {}));
  } else if (what == "change-rules" && rest.size() == 1) {
    change_rules(number(rest[0]));
  } else if (what == "print-rules" && rest.size() == 2) {
    fmt::print("{}", firewall::nft_text(plain_rules(number(rest[0]), number(rest[1]))));
  } else {
    fmt::print(stderr, "see the head of bench/firewall/load.cc for the words this program takes\n");
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace ravelin::bench

int main(int argc, char** argv) {
  return ravelin::bench::run({argv + 1, argv + argc});
}
