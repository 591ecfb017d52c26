#include "gateway/observe/metric_registry.h"

#include "gateway/observe/exposition.h"
#include "tests/gateway/observe/exposition_checker.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <thread>

namespace ravelin::gateway {
namespace {

using std::chrono::microseconds;

constexpr std::array<MetricFamily, 5> kFamilies = {{
    {.name = "t_requests_total",
     .type = MetricType::counter,
     .help = "Requests, \"quoted\"\nand a back\\slash.",
     .labels = {"route", "code"},
     .series_max = 4,
     .other_labels = 0b01},
    {.name = "t_open", .type = MetricType::gauge, .help = "Open."},
    {.name = "t_duration_seconds",
     .type = MetricType::histogram,
     .help = "Duration.",
     .labels = {"route"},
     .unit = MetricUnit::duration},
    {.name = "t_up",
     .type = MetricType::gauge,
     .help = "Up.",
     .labels = {"server"},
     .series_max = 2,
     .other_value = OtherValue::minimum},
    {.name = "t_lost_total",
     .type = MetricType::counter,
     .help = "Lost.",
     .labels = {"log"},
     .series_max = 2},
}};

Counter requests(MetricRegistry& registry, std::string_view route, std::string_view code) {
  const std::string_view labels[] = {route, code};
  return registry.counter(0, labels);
}

Histogram duration(MetricRegistry& registry, std::string_view route) {
  const std::string_view labels[] = {route};
  return registry.histogram(2, labels);
}

std::string golden(const std::string& name) {
  std::ifstream in(std::string(RAVELIN_SOURCE_DIR) + "/tests/gateway/observe/golden/" + name);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(MetricRegistry, WritesTheTextFormat) {
  MetricRegistry registry(kFamilies, 2);
  registry.cells(0).add(requests(registry, "web", "200"), 3);
  registry.cells(1).add(requests(registry, "web", "200"), 4);
  registry.cells(1).add(requests(registry, "a\"b\\c\nd\xFF", "404"));
  registry.cells(0).add(registry.gauge(1, {}), 5);
  registry.cells(1).add(registry.gauge(1, {}), -7);
  const Histogram web = duration(registry, "web");
  registry.cells(0).observe(web, microseconds(400));
  registry.cells(0).observe(web, microseconds(1'500'000));
  registry.cells(1).observe(web, microseconds(61'000'000));
  registry.add_collector([](MetricSamples& samples) {
    samples.set(3, {"s1"}, 0.25);
    samples.set(3, {"s1"}, 1);
  });
  const std::string text = registry.write_text();
  EXPECT_EQ(text, golden("exposition.txt"));
  const ExpositionChecker checker(text);
  EXPECT_TRUE(checker.findings().empty()) << checker.findings()[0];
}

TEST(MetricRegistry, SameLabelsAreTheSameCellForEver) {
  MetricRegistry registry(kFamilies, 1);
  const Counter first = requests(registry, "web", "200");
  registry.cells(0).add(first, 3);
  const Counter again = requests(registry, "web", "200");
  EXPECT_EQ(first.cell, again.cell);
  EXPECT_NE(first.cell, 0U);
  EXPECT_NE(requests(registry, "200", "web").cell, first.cell);
}

TEST(MetricRegistry, PastTheLimitSeriesFoldIntoOther) {
  MetricRegistry registry(kFamilies, 1);
  auto& cells = registry.cells(0);
  for (int i = 0; i < 10; ++i)
    cells.add(requests(registry, "r" + std::to_string(i), "200"));
  cells.add(requests(registry, "r9", "500"));
  for (int code = 600; code < 700; ++code) {
    cells.add(requests(registry, "r1", std::to_string(code)));
  }
  const ExpositionChecker checker(registry.write_text());
  EXPECT_TRUE(checker.findings().empty());
  EXPECT_EQ(checker.value(R"(t_requests_total{route="r3",code="200"})"), 1);
  EXPECT_EQ(checker.value(R"(t_requests_total{route="r4",code="200"})"), std::nullopt);
  EXPECT_EQ(checker.value(R"(t_requests_total{route="other",code="200"})"), 6);
  EXPECT_EQ(checker.value(R"(t_requests_total{route="other",code="500"})"), 1);
  EXPECT_EQ(checker.value(R"(t_requests_total{route="other",code="600"})"), 1);
  EXPECT_EQ(checker.value(R"(t_requests_total{route="other",code="699"})"), std::nullopt);
  EXPECT_EQ(checker.value(R"(t_requests_total{route="other",code="other"})"), 98);
}

TEST(MetricRegistry, CollectedFamiliesKeepTheSeriesThatMatter) {
  MetricRegistry registry(kFamilies, 1);
  registry.add_collector([](MetricSamples& samples) {
    for (const auto& [server, up] : {std::pair{"a", 1.0}, {"b", 1.0}, {"c", 0.0}, {"d", 0.0}}) {
      samples.set(3, {server}, up);
    }
    for (const auto& [log, lost] : {std::pair{"a", 5.0}, {"b", 1.0}, {"c", 7.0}, {"d", 2.0}}) {
      samples.set(4, {log}, lost);
    }
  });
  const ExpositionChecker checker(registry.write_text());
  EXPECT_TRUE(checker.findings().empty());
  EXPECT_EQ(checker.value(R"(t_up{server="c"})"), 0);
  EXPECT_EQ(checker.value(R"(t_up{server="d"})"), 0);
  EXPECT_EQ(checker.value(R"(t_up{server="other"})"), 1);
  EXPECT_EQ(checker.value(R"(t_lost_total{log="c"})"), 7);
  EXPECT_EQ(checker.value(R"(t_lost_total{log="a"})"), 5);
  EXPECT_EQ(checker.value(R"(t_lost_total{log="other"})"), 3);
}

TEST(MetricRegistry, HistogramsLieWithinOneSegment) {
  MetricRegistry registry(kFamilies, 1);
  for (int i = 0; i < 200; ++i) {
    const Histogram histogram = duration(registry, "r" + std::to_string(i));
    EXPECT_EQ(histogram.first / WorkerCells::kSegmentCells,
              (histogram.first + kHistogramCells - 1) / WorkerCells::kSegmentCells);
  }
}

TEST(MetricRegistry, ScrapesWhileWorkersCountAndAddSeries) {
  MetricRegistry registry(kFamilies, 2);
  std::vector<std::thread> workers;
  for (std::size_t worker = 0; worker < 2; ++worker) {
    workers.emplace_back([&registry, worker] {
      for (int i = 0; i < 20'000; ++i) {
        const std::string route = "r" + std::to_string(i / 200);
        registry.cells(worker).add(requests(registry, route, "200"));
        registry.cells(worker).observe(duration(registry, route), microseconds(i));
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    const ExpositionChecker checker(registry.write_text());
    EXPECT_TRUE(checker.findings().empty()) << checker.findings()[0];
  }
  for (auto& worker : workers)
    worker.join();
  const ExpositionChecker checker(registry.write_text());
  EXPECT_EQ(checker.value(R"(t_duration_seconds_count{route="r7"})"), 400);
}

struct ValueCase {
  double value;
  const char* text;
};

TEST(Exposition, WritesNumbersExactly) {
  const ValueCase cases[] = {
      {0, "0"},
      {1, "1"},
      {0.25, "0.25"},
      {1795519245, "1795519245"},
      {-3.5, "-3.5"},
      {std::numeric_limits<double>::infinity(), "+Inf"},
      {-std::numeric_limits<double>::infinity(), "-Inf"},
      {std::nan(""), "NaN"},
  };
  for (const auto& row : cases)
    EXPECT_EQ(format_value(row.value), row.text);
  EXPECT_EQ(format_seconds(0), "0");
  EXPECT_EQ(format_seconds(500), "0.0005");
  EXPECT_EQ(format_seconds(1), "0.000001");
  EXPECT_EQ(format_seconds(60'000'000), "60");
  EXPECT_EQ(format_seconds(61'250'001), "61.250001");
}

TEST(ExpositionChecker, FindsWhatAScraperWouldRefuse) {
  const char* const broken[] = {
      "t_a 1\n",
      "# HELP t_a A.\n# TYPE t_a gauge\nt_a 1",
      "# HELP t_a A.\n# TYPE t_a gauge\nt_a{x=\"1\"} 1\nt_a{x=\"1\"} 2\n",
      "# HELP t_a A.\n# TYPE t_a gauge\nt_a{x=\"\\q\"} 1\n",
      "# HELP t_a A.\n# TYPE t_a gauge\nt_b 1\n",
      "# HELP t_a A.\n# TYPE t_a counter\nt_a 1\n",
      "# HELP t_a A.\n# TYPE t_a gauge\nt_a one\n",
      "# HELP t_a A.\n# TYPE t_a gauge\n",
      R"(# HELP t_a A.
# TYPE t_a histogram
t_a_bucket{le="1"} 2
t_a_bucket{le="+Inf"} 1
t_a_sum 1
t_a_count 1
)",
      "# HELP t_a A.\n# TYPE t_a histogram\nt_a_bucket{le=\"1\"} 1\nt_a_sum 1\nt_a_count 1\n",
  };
  for (const char* text : broken)
    EXPECT_FALSE(ExpositionChecker(text).findings().empty()) << text;
}

}  // namespace
}  // namespace ravelin::gateway
