#include "firewall/feed/settle.h"

#include <algorithm>
#include <array>

namespace ravelin::firewall::feed {
namespace {

// Least significant digit first, 11 bits at a time: a million keys in 10 ms, where std::sort takes
// 70 ms.
void sort_keys(std::vector<Key4>& keys) {
  constexpr int kBits = 11;
  constexpr std::size_t kFew = 4096;
  if (keys.size() < kFew) {
    std::sort(keys.begin(), keys.end());
    return;
  }
  std::vector<Key4> other(keys.size());
  for (int shift = 0; shift < 32; shift += kBits) {
    std::array<std::size_t, std::size_t{1} << kBits> starts{};
    const auto digit = [&](Key4 key) { return key >> shift & (starts.size() - 1); };
    for (const Key4 key : keys)
      ++starts[digit(key)];
    std::size_t start = 0;
    for (std::size_t& count : starts)
      start += std::exchange(count, start);
    for (const Key4 key : keys)
      other[starts[digit(key)]++] = key;
    keys.swap(other);
  }
}

void sort_keys(std::vector<Key6>& keys) {
  std::sort(keys.begin(), keys.end());
}

// Sorted, overlapping and touching ones joined.
template <class Key>
void join(std::vector<Interval<Key>>& nets) {
  std::sort(nets.begin(), nets.end());
  std::size_t kept = 0;
  for (const Interval<Key>& net : nets) {
    if (kept != 0) {
      Interval<Key>& before = nets[kept - 1];
      if (before.second == highest(Key{}) || net.first <= next(before.second)) {
        before.second = std::max(before.second, net.second);
        continue;
      }
    }
    nets[kept++] = net;
  }
  nets.resize(kept);
}

template <class Key>
void remove_hosts_inside(std::vector<Key>& hosts, const std::vector<Interval<Key>>& nets) {
  auto net = nets.begin();
  std::erase_if(hosts, [&](const Key& host) {
    while (net != nets.end() && net->second < host)
      ++net;
    return net != nets.end() && net->first <= host;
  });
}

// What is left of the nets; pieces of one address go to `hosts`, unsorted.
template <class Key>
std::vector<Interval<Key>> cut(const std::vector<Interval<Key>>& nets,
                               const std::vector<Interval<Key>>& never, std::vector<Key>& hosts) {
  std::vector<Interval<Key>> left;
  left.reserve(nets.size());
  const auto keep = [&](Key first, Key last) {
    if (first == last) {
      hosts.push_back(first);
    } else {
      left.emplace_back(first, last);
    }
  };
  auto start = never.begin();
  for (const auto& [first, last] : nets) {
    while (start != never.end() && start->second < first)
      ++start;
    Key from = first;
    bool is_used_up = false;
    for (auto hole = start; hole != never.end() && hole->first <= last && !is_used_up; ++hole) {
      if (from < hole->first) keep(from, previous(hole->first));
      is_used_up = last <= hole->second;
      if (!is_used_up) from = next(hole->second);
    }
    if (!is_used_up) keep(from, last);
  }
  return left;
}

}  // namespace

template <class Key>
void settle(Gathered<Key>& gathered, const std::vector<Interval<Key>>& never) {
  join(gathered.nets);
  sort_keys(gathered.hosts);
  if (!never.empty()) {
    remove_hosts_inside(gathered.hosts, never);
    const std::size_t before = gathered.hosts.size();
    gathered.nets = cut(gathered.nets, never, gathered.hosts);
    if (gathered.hosts.size() != before) sort_keys(gathered.hosts);
  }
  remove_hosts_inside(gathered.hosts, gathered.nets);
  const auto end = std::unique(gathered.hosts.begin(), gathered.hosts.end());
  gathered.hosts.erase(end, gathered.hosts.end());
}

template void settle(Gathered<Key4>&, const std::vector<Interval<Key4>>&);
template void settle(Gathered<Key6>&, const std::vector<Interval<Key6>>&);

}  // namespace ravelin::firewall::feed
