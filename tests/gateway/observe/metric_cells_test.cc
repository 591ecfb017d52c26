#include "gateway/observe/metric_cells.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace ravelin::gateway {
namespace {

using std::chrono::microseconds;

std::size_t bucket_by_scan(std::uint64_t value) {
  std::size_t bucket = 0;
  while (bucket < kHistogramBounds.size() && value > kHistogramBounds[bucket])
    ++bucket;
  return bucket;
}

TEST(HistogramBucket, BoundIsInsideAndTheNextValueIsNot) {
  for (std::size_t i = 0; i < kHistogramBounds.size(); ++i) {
    EXPECT_EQ(histogram_bucket(kHistogramBounds[i] - 1), i);
    EXPECT_EQ(histogram_bucket(kHistogramBounds[i]), i);
    EXPECT_EQ(histogram_bucket(kHistogramBounds[i] + 1), i + 1);
  }
}

TEST(HistogramBucket, AgreesWithAScanAroundEveryPowerOfTwo) {
  EXPECT_EQ(histogram_bucket(0), 0U);
  for (int bit = 0; bit < 64; ++bit) {
    const std::uint64_t power = std::uint64_t{1} << bit;
    for (const std::uint64_t value : {power - 1, power, power + 1, power + power / 2}) {
      EXPECT_EQ(histogram_bucket(value), bucket_by_scan(value)) << value;
    }
  }
  EXPECT_EQ(histogram_bucket(UINT64_MAX), kHistogramBounds.size());
}

TEST(WorkerCells, CountsSumsAndObserves) {
  WorkerCells cells;
  cells.add(Counter{1});
  cells.add(Counter{1}, 41);
  cells.add(Gauge{2}, 3);
  cells.add(Gauge{2}, -5);
  const Histogram histogram{10};
  cells.observe(histogram, microseconds(500));
  cells.observe(histogram, microseconds(501));
  cells.observe(histogram, microseconds(-7));
  EXPECT_EQ(cells.read(1), 42U);
  EXPECT_EQ(static_cast<std::int64_t>(cells.read(2)), -2);
  EXPECT_EQ(cells.read(10), 2U);
  EXPECT_EQ(cells.read(11), 1U);
  EXPECT_EQ(cells.read(10 + kHistogramBuckets), 1001U);
}

TEST(WorkerCells, GrowingKeepsWhatWasCounted) {
  WorkerCells cells;
  cells.add(Counter{7}, 5);
  cells.grow(WorkerCells::kCellsMax);
  cells.add(Counter{WorkerCells::kCellsMax - 1}, 9);
  EXPECT_EQ(cells.read(7), 5U);
  EXPECT_EQ(cells.read(WorkerCells::kCellsMax - 1), 9U);
}

TEST(WorkerCells, UnassignedHandlesCountNowhere) {
  WorkerCells cells;
  cells.observe(Histogram{}, microseconds(5));
  for (std::uint32_t cell = 0; cell < kHistogramCells; ++cell)
    EXPECT_EQ(cells.read(cell), 0U);
}

TEST(WorkerCells, IsReadAndGrownWhileItsWorkerCounts) {
  WorkerCells cells;
  constexpr std::uint64_t kAdds = 200'000;
  std::thread worker([&] {
    for (std::uint64_t i = 0; i < kAdds; ++i)
      cells.add(Counter{3});
  });
  std::uint64_t last = 0;
  for (std::uint32_t size = 1024; size <= WorkerCells::kCellsMax; size += 4096) {
    cells.grow(size);
    const std::uint64_t now = cells.read(3);
    EXPECT_GE(now, last);
    last = now;
  }
  worker.join();
  EXPECT_EQ(cells.read(3), kAdds);
}

}  // namespace
}  // namespace ravelin::gateway
