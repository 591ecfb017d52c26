// MetricRegistry: which names and labels the cells have. Lives as long as the process: the same
// labels get the same cell again after a reload, so counters never go back. Any thread; the data
// path comes here only the first time a series is used, and a scrape holds the lock only to list
// the series, not to write them.
#pragma once

#include "gateway/observe/metric_cells.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

enum class MetricType : std::uint8_t { counter, gauge, histogram };
// What a cell counts in; a duration is counted in microseconds and shown in seconds.
enum class MetricUnit : std::uint8_t { plain, duration };

// What the value of the `other` series of a collected family stands for: the total of the series
// left out (the largest are kept), or the smallest of them (the smallest are kept: the certificate
// that ends first, the server that is down).
enum class OtherValue : std::uint8_t { sum, minimum };

inline constexpr std::size_t kMetricLabelsMax = 4;

struct MetricFamily {
  std::string_view name;  // [a-zA-Z_:][a-zA-Z0-9_:]*
  MetricType type;
  std::string_view help;
  std::array<std::string_view, kMetricLabelsMax> labels{};  // unused ones are ""
  MetricUnit unit = MetricUnit::plain;
  std::uint32_t series_max = 1000;
  // Bit i: past series_max, label i becomes "other". Past twice series_max all of them do.
  std::uint8_t other_labels = 0x0F;
  OtherValue other_value = OtherValue::sum;
};

using LabelValues = std::span<const std::string_view>;

// What a collector fills at scrape time: values that other threads own.
class MetricSamples {
 public:
  // Replaces an earlier value with the same labels. Label values in the family's order; CHECK:
  // their number.
  void set(std::size_t family, std::initializer_list<std::string_view> labels, double value);

 private:
  friend class MetricRegistry;

  explicit MetricSamples(std::span<const MetricFamily> families)
      : families_(families), samples_(families.size()) {}

  void limit(std::size_t family);

  std::span<const MetricFamily> families_;
  std::vector<std::map<std::string, double>> samples_;
};

using MetricCollector = std::function<void(MetricSamples&)>;

class MetricRegistry {
 public:
  // `families` must outlive the registry; a family is named by its index in it.
  MetricRegistry(std::span<const MetricFamily> families, std::size_t workers);

  // Label values in the family's order. The same values always give the same handle. CHECK: a
  // family of another type, or another number of labels.
  Counter counter(std::size_t family, LabelValues labels);
  Gauge gauge(std::size_t family, LabelValues labels);
  Histogram histogram(std::size_t family, LabelValues labels);

  // One per worker; `worker` below the number given to the constructor.
  WorkerCells& cells(std::size_t worker) { return *workers_[worker]; }

  // Called at every scrape, on the scraping thread, in the order added; must not scrape itself.
  void add_collector(MetricCollector collector);

  // The text format 0.0.4 of Prometheus: families in table order, series sorted by label text.
  // A family without series is left out.
  std::string write_text() const;

 private:
  struct Series {
    std::string labels;  // rendered: listener="web",code="200"
    std::uint32_t cell = 0;
  };

  struct FamilyState {
    std::map<std::string, std::unique_ptr<Series>, std::less<>> by_labels;
    std::vector<const Series*> all;
  };

  std::uint32_t find_or_add(std::size_t family, MetricType type, LabelValues labels);
  std::string bounded_labels(std::size_t family, LabelValues labels) const;
  std::uint32_t take_cells(std::uint32_t count);
  [[nodiscard]] std::uint64_t total(std::uint32_t cell) const;
  void write_series(std::string& out, const MetricFamily& family, const Series& series) const;

  std::span<const MetricFamily> families_;
  std::vector<std::unique_ptr<WorkerCells>> workers_;
  mutable std::mutex mutex_;
  std::vector<FamilyState> states_;          // under mutex_; a Series never changes once made
  std::vector<MetricCollector> collectors_;  // under mutex_
  std::uint32_t cells_used_ = 1;             // under mutex_; cell 0 is for handles never assigned
};

}  // namespace ravelin::gateway
