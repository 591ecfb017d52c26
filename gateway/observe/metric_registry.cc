#include "gateway/observe/metric_registry.h"

#include "base/check.h"
#include "gateway/observe/exposition.h"

#include <algorithm>
#include <utility>

namespace ravelin::gateway {
namespace {

constexpr std::string_view kOther = "other";

std::size_t label_count(const MetricFamily& family) {
  std::size_t count = 0;
  while (count < kMetricLabelsMax && !family.labels[count].empty())
    ++count;
  return count;
}

std::string render_labels(const MetricFamily& family, LabelValues values) {
  CHECK(values.size() == label_count(family));
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i)
    append_label(text, family.labels[i], values[i]);
  return text;
}

std::string render_others(const MetricFamily& family) {
  const std::array<std::string_view, kMetricLabelsMax> values = {kOther, kOther, kOther, kOther};
  return render_labels(family, LabelValues(values).first(label_count(family)));
}

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      return "histogram";
  }
  return "untyped";
}

}  // namespace

void MetricSamples::set(std::size_t family, std::initializer_list<std::string_view> labels,
                        double value) {
  CHECK(family < families_.size());
  samples_[family][render_labels(families_[family], {labels.begin(), labels.size()})] = value;
}

// Keeps series_max series of a collected family and folds the rest into the one called "other".
void MetricSamples::limit(std::size_t family) {
  const MetricFamily& spec = families_[family];
  auto& samples = samples_[family];
  if (samples.size() <= spec.series_max) return;
  const bool keep_smallest = spec.other_value == OtherValue::minimum;
  std::vector<std::pair<double, std::string>> ranked;
  ranked.reserve(samples.size());
  for (auto& [labels, value] : samples)
    ranked.emplace_back(keep_smallest ? value : -value, labels);
  std::sort(ranked.begin(), ranked.end());
  double other = keep_smallest ? ranked[spec.series_max].first : 0;
  for (std::size_t i = spec.series_max; i < ranked.size(); ++i) {
    if (!keep_smallest) other -= ranked[i].first;
    samples.erase(ranked[i].second);
  }
  samples[render_others(spec)] = other;
}

MetricRegistry::MetricRegistry(std::span<const MetricFamily> families, std::size_t workers)
    : families_(families), states_(families.size()) {
  for (std::size_t i = 0; i < workers; ++i)
    workers_.push_back(std::make_unique<WorkerCells>());
}

Counter MetricRegistry::counter(std::size_t family, LabelValues labels) {
  return {find_or_add(family, MetricType::counter, labels)};
}

Gauge MetricRegistry::gauge(std::size_t family, LabelValues labels) {
  return {find_or_add(family, MetricType::gauge, labels)};
}

Histogram MetricRegistry::histogram(std::size_t family, LabelValues labels) {
  return {find_or_add(family, MetricType::histogram, labels)};
}

void MetricRegistry::add_collector(MetricCollector collector) {
  const std::lock_guard lock(mutex_);
  collectors_.push_back(std::move(collector));
}

std::uint32_t MetricRegistry::find_or_add(std::size_t family, MetricType type, LabelValues labels) {
  CHECK(family < families_.size() && families_[family].type == type);
  std::string text = render_labels(families_[family], labels);
  const std::lock_guard lock(mutex_);
  FamilyState& state = states_[family];
  auto found = state.by_labels.find(text);
  if (found == state.by_labels.end() && state.all.size() >= families_[family].series_max) {
    text = bounded_labels(family, labels);
    found = state.by_labels.find(text);
  }
  if (found != state.by_labels.end()) return found->second->cell;
  auto series = std::make_unique<Series>();
  series->labels = text;
  series->cell = take_cells(type == MetricType::histogram ? kHistogramCells : 1);
  state.all.push_back(series.get());
  return state.by_labels.emplace(std::move(text), std::move(series)).first->second->cell;
}

// Labels for a series of a family that is full: some of them, or all, are "other".
std::string MetricRegistry::bounded_labels(std::size_t family, LabelValues labels) const {
  const MetricFamily& spec = families_[family];
  std::array<std::string_view, kMetricLabelsMax> values{};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    values[i] = ((spec.other_labels >> i) & 1U) != 0 ? kOther : labels[i];
  }
  std::string text = render_labels(spec, LabelValues(values).first(labels.size()));
  const FamilyState& state = states_[family];
  const bool is_over = state.all.size() >= std::size_t{2} * spec.series_max;
  return is_over && !state.by_labels.contains(text) ? render_others(spec) : text;
}

// The first of `count` neighbouring cells of one segment. When all are used, cell 0: the limits of
// the families keep far below that.
std::uint32_t MetricRegistry::take_cells(std::uint32_t count) {
  std::uint32_t first = cells_used_;
  const std::uint32_t left = WorkerCells::kSegmentCells - first % WorkerCells::kSegmentCells;
  if (count > left) first += left;
  if (first + count > WorkerCells::kCellsMax) return 0;
  cells_used_ = first + count;
  for (const auto& worker : workers_)
    worker->grow(cells_used_);
  return first;
}

std::uint64_t MetricRegistry::total(std::uint32_t cell) const {
  std::uint64_t sum = 0;
  for (const auto& worker : workers_)
    sum += worker->read(cell);
  return sum;
}

void MetricRegistry::write_series(std::string& out, const MetricFamily& family,
                                  const Series& series) const {
  const bool in_seconds = family.unit == MetricUnit::duration;
  if (family.type == MetricType::counter) {
    const std::uint64_t value = total(series.cell);
    append_sample(out, family.name, series.labels,
                  in_seconds ? format_seconds(value) : std::to_string(value));
    return;
  }
  if (family.type == MetricType::gauge) {
    const auto value = static_cast<std::int64_t>(total(series.cell));
    append_sample(out, family.name, series.labels, std::to_string(value));
    return;
  }
  const std::string name(family.name);
  std::uint64_t count = 0;
  for (std::uint32_t i = 0; i < kHistogramBuckets; ++i) {
    count += total(series.cell + i);
    std::string labels = series.labels;
    append_label(labels, "le",
                 i < kHistogramBounds.size() ? format_seconds(kHistogramBounds[i]) : "+Inf");
    append_sample(out, name + "_bucket", labels, std::to_string(count));
  }
  const auto sum_cell = series.cell + static_cast<std::uint32_t>(kHistogramBuckets);
  append_sample(out, name + "_sum", series.labels, format_seconds(total(sum_cell)));
  append_sample(out, name + "_count", series.labels, std::to_string(count));
}

std::string MetricRegistry::write_text() const {
  std::vector<std::vector<const Series*>> series(families_.size());
  std::vector<MetricCollector> collectors;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < families_.size(); ++i)
      series[i] = states_[i].all;
    collectors = collectors_;
  }
  MetricSamples samples(families_);
  for (const auto& collector : collectors)
    collector(samples);
  std::string out;
  for (std::size_t i = 0; i < families_.size(); ++i) {
    const MetricFamily& family = families_[i];
    samples.limit(i);
    if (series[i].empty() && samples.samples_[i].empty()) continue;
    append_family(out, family.name, family.help, type_name(family.type));
    std::sort(series[i].begin(), series[i].end(),
              [](const Series* a, const Series* b) { return a->labels < b->labels; });
    for (const Series* one : series[i])
      write_series(out, family, *one);
    for (const auto& [labels, value] : samples.samples_[i]) {
      append_sample(out, family.name, labels, format_value(value));
    }
  }
  return out;
}

}  // namespace ravelin::gateway
