// What one finished request costs its worker in the access log and in the metrics:
// build/bench/bin/access_log_bench. The log writes to /dev/null; its writer thread runs beside.
#include "gateway/observe/access_log.h"
#include "gateway/observe/gateway_metrics.h"

#include <benchmark/benchmark.h>

#include <array>
#include <memory>

namespace ravelin::gateway {
namespace {

AccessRecord typical_record() {
  AccessRecord record;
  record.time = base::wall_now();
  record.request_id = "6ba7b8109dad11d180b400c04fd430c8";
  record.listener = "web";
  record.route = "api";
  record.client = "203.0.113.195";
  record.client_port = 51234;
  record.method = "GET";
  record.host = "www.example.com";
  record.path = "/v1/articles/2026/11/24?page=2&sort=newest";
  record.protocol = "HTTP/1.1";
  record.status = 200;
  record.bytes_out = 1024;
  record.user_agent =
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 "
      "Safari/537.36";
  record.tls_version = "1.3";
  record.tls_cipher = "TLS_AES_128_GCM_SHA256";
  record.sni = "www.example.com";
  record.pool = "blue";
  record.server = "10.0.0.1:8080";
  record.upstream_reused = true;
  record.queue = microseconds(0);
  record.first_byte = microseconds(812);
  record.total = microseconds(933);
  return record;
}

void format_record(benchmark::State& state) {
  const auto out = std::make_unique<std::array<char, kAccessLineBytesMax>>();
  base::UtcText clock;
  const AccessRecord record = typical_record();
  std::size_t bytes = 0;
  for ([[maybe_unused]] auto _ : state) {
    bytes = format_access_record(record, clock, *out, AccessFieldSet::all());
    benchmark::DoNotOptimize(out->data());
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}

BENCHMARK(format_record);

void write_record(benchmark::State& state) {
  const auto log = AccessLog::open("/dev/null", 1);
  const AccessRecord record = typical_record();
  auto& channel = (*log)->channel(0);
  int until_flush = 1000;  // a ring that never fills: writing is measured, not dropping
  for ([[maybe_unused]] auto _ : state) {
    channel.write(record, AccessFieldSet::all());
    if (--until_flush > 0) continue;
    state.PauseTiming();
    (*log)->flush(std::chrono::seconds(10));
    until_flush = 1000;
    state.ResumeTiming();
  }
  state.counters["dropped"] = static_cast<double>((*log)->dropped());
}

BENCHMARK(write_record);

void add_counter(benchmark::State& state) {
  WorkerCells cells;
  const Counter counter{5};
  for ([[maybe_unused]] auto _ : state) {
    cells.add(counter);
    benchmark::ClobberMemory();
  }
}

BENCHMARK(add_counter);

void observe_duration(benchmark::State& state) {
  WorkerCells cells;
  const Histogram histogram{8};
  std::int64_t us = 0;
  for ([[maybe_unused]] auto _ : state) {
    cells.observe(histogram, microseconds(us));
    us = (us + 7919) & 0xFFFFF;
    benchmark::ClobberMemory();
  }
}

BENCHMARK(observe_duration);

void count_request(benchmark::State& state) {
  GatewayMetrics metrics(1, "bench");
  auto& route = metrics.route("web", "api", "blue");
  auto& listener = metrics.listener("web");
  auto& server = metrics.server("blue", "10.0.0.1:8080");
  auto& cells = metrics.worker_cells(0);
  for ([[maybe_unused]] auto _ : state) {
    listener.request_started(cells);
    server.request_done(cells, 200);
    route.request_done(cells, {.status = 200, .duration = microseconds(933), .bytes_out = 1024});
    listener.request_ended(cells);
    benchmark::ClobberMemory();
  }
}

BENCHMARK(count_request);

void scrape(benchmark::State& state) {
  GatewayMetrics metrics(2, "bench");
  for (int i = 0; i < state.range(0); ++i) {
    metrics.route("web", "r" + std::to_string(i), "p")
        .request_done(metrics.worker_cells(0), {.status = 200});
  }
  std::size_t bytes = 0;
  for ([[maybe_unused]] auto _ : state)
    bytes = metrics.exposition().size();
  state.counters["bytes"] = static_cast<double>(bytes);
}

BENCHMARK(scrape)->Arg(10)->Arg(1000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ravelin::gateway

BENCHMARK_MAIN();
