// Against the plain way: a mark for each address of a small world.
#include "firewall/feed/settle.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace ravelin::firewall::feed {
namespace {

constexpr unsigned kWorld = 64;

Key4 key(Key4 /*of its kind*/, unsigned number) {
  return UINT32_MAX - kWorld + 1 + number;  // with the highest address
}

// Around the place where the lower half overflows.
Key6 key(Key6 /*of its kind*/, unsigned number) {
  const std::uint64_t low = UINT64_MAX - kWorld / 2 + 1 + number;
  return {number < kWorld / 2 ? 7U : 8U, low};
}

template <class Key>
using Marks = std::set<Key>;

template <class Key>
void mark(Marks<Key>& marks, const Interval<Key>& interval) {
  for (unsigned i = 0; i < kWorld; ++i) {
    const Key one = key(Key{}, i);
    if (interval.first <= one && one <= interval.second) marks.insert(one);
  }
}

template <class Key>
Interval<Key> random_interval(std::mt19937& random) {
  const auto first = static_cast<unsigned>(random() % kWorld);
  const auto last = std::min(kWorld - 1, first + static_cast<unsigned>(random() % 8));
  return {key(Key{}, first), key(Key{}, last)};
}

template <class Key>
void expect_settled(const Gathered<Key>& settled, const Marks<Key>& wanted) {
  Marks<Key> marks;
  for (const Interval<Key>& net : settled.nets)
    mark(marks, net);
  for (const Key& host : settled.hosts)
    EXPECT_TRUE(marks.insert(host).second) << "a host twice or inside a net";
  EXPECT_EQ(marks, wanted);
  EXPECT_TRUE(std::is_sorted(settled.hosts.begin(), settled.hosts.end()));
  for (std::size_t i = 0; i < settled.nets.size(); ++i) {
    EXPECT_LT(settled.nets[i].first, settled.nets[i].second);
    if (i != 0) EXPECT_LT(settled.nets[i - 1].second, settled.nets[i].first);
  }
}

template <class Key>
void settle_at_random() {
  std::mt19937 random(1);
  for (int turn = 0; turn < 2000; ++turn) {
    Gathered<Key> gathered;
    Marks<Key> wanted;
    for (auto i = random() % 6; i > 0; --i) {
      const auto interval = random_interval<Key>(random);
      gathered.add(interval.first, interval.second);
      mark(wanted, interval);
    }
    std::vector<Interval<Key>> never;
    for (unsigned at = 0; at < kWorld; at += 1 + static_cast<unsigned>(random() % 30)) {
      const unsigned last = std::min(kWorld - 1, at + static_cast<unsigned>(random() % 5));
      if (random() % 2 != 0) never.emplace_back(key(Key{}, at), key(Key{}, last));
      at = last + 1;
    }
    Marks<Key> forbidden;
    for (const auto& interval : never)
      mark(forbidden, interval);
    for (const Key& one : forbidden)
      wanted.erase(one);
    settle(gathered, never);
    expect_settled(gathered, wanted);
  }
}

TEST(FeedSettle, KeepsExactlyWhatIsWantedOfIpv4) {
  settle_at_random<Key4>();
}

TEST(FeedSettle, KeepsExactlyWhatIsWantedOfIpv6) {
  settle_at_random<Key6>();
}

TEST(FeedSettle, SortsManyHosts) {
  std::mt19937 random(2);
  Gathered<Key4> gathered;
  std::set<Key4> wanted;
  for (int i = 0; i < 100'000; ++i) {
    gathered.hosts.push_back(static_cast<Key4>(random()) << (i % 3 * 8));
    wanted.insert(gathered.hosts.back());
  }
  settle(gathered, {});
  EXPECT_EQ(gathered.hosts, std::vector<Key4>(wanted.begin(), wanted.end()));
}

}  // namespace
}  // namespace ravelin::firewall::feed
