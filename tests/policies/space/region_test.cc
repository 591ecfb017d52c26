#include "policies/space/region.h"

#include "tests/policies/support/build_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace ravelin::policies {
namespace {

using build::ip;
using build::range;

// A universe of 4 sources, 4 destinations, 2 protocols, 4 ports and 2 interfaces.
struct Point {
  std::uint8_t source, destination, protocol;
  std::uint16_t port;
  std::uint64_t interface;
};

base::IpAddress address(unsigned last) {
  base::IpAddress made = ip("10.0.0.0");
  made.bytes[3] = static_cast<std::uint8_t>(last);
  return made;
}

std::vector<Point> universe() {
  std::vector<Point> points;
  points.reserve(4 * 4 * 2 * 4 * 2);
  for (unsigned i = 0; i < 4 * 4 * 2 * 4 * 2; ++i) {
    points.push_back({static_cast<std::uint8_t>(i % 4), static_cast<std::uint8_t>(i / 4 % 4),
                      static_cast<std::uint8_t>(i / 16 % 2), static_cast<std::uint16_t>(i / 32 % 4),
                      std::uint64_t{1} << (i / 128)});
  }
  return points;
}

Box box_of(const Point& point) {
  return {.source = {address(point.source), address(point.source)},
          .destination = {address(point.destination), address(point.destination)},
          .protocols = {point.protocol, point.protocol},
          .ports = {point.port, point.port},
          .interfaces = point.interface};
}

bool is_in(const Point& point, std::span<const Box> boxes) {
  return std::any_of(boxes.begin(), boxes.end(),
                     [&](const Box& box) { return contains(box, box_of(point)); });
}

class RandomBoxes {
 public:
  explicit RandomBoxes(std::uint32_t seed) : random_(seed) {}

  Box box() {
    const auto [source, source_last] = ends(4);
    const auto [destination, destination_last] = ends(4);
    const auto [protocol, protocol_last] = ends(2);
    const auto [port, port_last] = ends(4);
    return {.source = {address(source), address(source_last)},
            .destination = {address(destination), address(destination_last)},
            .protocols = {static_cast<std::uint8_t>(protocol),
                          static_cast<std::uint8_t>(protocol_last)},
            .ports = {static_cast<std::uint16_t>(port), static_cast<std::uint16_t>(port_last)},
            .interfaces = 1 + below(3)};
  }

  std::vector<Box> boxes(unsigned count_max) {
    std::vector<Box> made;
    for (unsigned count = below(count_max + 1); count > 0; --count)
      made.push_back(box());
    return made;
  }

 private:
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }

  std::pair<unsigned, unsigned> ends(unsigned bound) {
    const unsigned a = below(bound);
    const unsigned b = below(bound);
    return {std::min(a, b), std::max(a, b)};
  }

  std::mt19937 random_;
};

TEST(Region, SubtractionLeavesExactlyWhatIsOutsideAndDisjoint) {
  const std::vector<Point> points = universe();
  RandomBoxes random(1);
  for (int round = 0; round < 500; ++round) {
    const Box from = random.box();
    const Box what = random.box();
    if (!overlaps(from, what)) continue;
    std::vector<Box> left;
    subtract(from, what, left);
    EXPECT_LE(left.size(), 9U);
    for (const Point& point : points) {
      const auto times = std::count_if(left.begin(), left.end(), [&](const Box& piece) {
        return contains(piece, box_of(point));
      });
      const bool is_left = contains(from, box_of(point)) && !contains(what, box_of(point));
      EXPECT_EQ(times, is_left ? 1 : 0);
    }
  }
}

TEST(Region, AlgebraAgreesWithCountingPoints) {
  const std::vector<Point> points = universe();
  RandomBoxes random(2);
  for (int round = 0; round < 500; ++round) {
    const Box box = random.box();
    const std::vector<Box> by = random.boxes(8);
    Effort effort;
    const Coverage answer = coverage(std::span(&box, 1), by, effort);
    const auto left = difference(std::span(&box, 1), by, 1000, effort);
    const Region both = intersection(std::span(&box, 1), by);
    ASSERT_TRUE(left.has_value());
    const Region fewer = merged(*left);
    EXPECT_LE(fewer.size(), left->size());
    bool is_covered = true;
    for (const Point& point : points) {
      const bool is_inside = contains(box, box_of(point));
      const bool is_left = is_inside && !is_in(point, by);
      is_covered = is_covered && !is_left;
      EXPECT_EQ(is_in(point, *left), is_left);
      EXPECT_EQ(is_in(point, fewer), is_left);
      EXPECT_EQ(is_in(point, both), is_inside && is_in(point, by));
    }
    EXPECT_EQ(answer.is_covered(), is_covered);
    EXPECT_EQ(left->empty(), is_covered);
    if (!answer.is_open()) continue;
    EXPECT_TRUE(contains(box, *answer.open));
    for (const Box& one : by)
      EXPECT_FALSE(overlaps(one, *answer.open));
  }
}

TEST(Region, TheBoxesThatCoverAreTold) {
  const Box all = whole(base::Family::ipv4);
  Box low = all, middle = all, high = all;
  low.ports = {0, 99};
  middle.ports = {40, 60};
  high.ports = {100, 65535};
  Effort effort;
  const std::vector<Box> by = {low, middle, high};
  EXPECT_EQ(coverage(std::span(&all, 1), by, effort).used, (std::vector<std::size_t>{0, 2}));
}

TEST(Region, WhatIsBeyondTheBoundIsUndecided) {
  const Box all = whole(base::Family::ipv6);
  std::vector<Box> by;
  for (std::uint16_t port = 0; port < 50; ++port) {
    by.push_back(all);
    by.back().ports = {static_cast<std::uint16_t>(port * 2), static_cast<std::uint16_t>(port * 2)};
  }
  Effort enough;
  EXPECT_EQ(difference(std::span(&all, 1), by, 50, enough)->size(), 50U);
  EXPECT_EQ(difference(std::span(&all, 1), by, 49, enough), std::nullopt);
  Effort little{.boxes_left = 10};
  EXPECT_EQ(coverage(std::span(&all, 1), by, little).answer, Coverage::Answer::undecided);
  EXPECT_EQ(difference(std::span(&all, 1), by, 1000, little), std::nullopt);
}

TEST(Region, FamiliesNeverMeet) {
  const std::vector<Box> both = {whole(base::Family::ipv4), whole(base::Family::ipv6)};
  EXPECT_FALSE(overlaps(both[0], both[1]));
  Effort effort;
  EXPECT_EQ(difference(both, std::span(both).first(1), 10, effort), Region{both[1]});
}

TEST(Region, NeighboursAreJoined) {
  Box lower = whole(base::Family::ipv4), upper = lower, apart = lower;
  lower.source = range("10.0.0.0/25");
  upper.source = range("10.0.0.128/25");
  apart.source = range("10.0.2.0/24");
  Box joined = lower;
  joined.source = range("10.0.0.0/24");
  EXPECT_EQ(merged({upper, apart, lower}), (Region{joined, apart}));
}

}  // namespace
}  // namespace ravelin::policies
