#include "gateway/observe/gateway_metrics.h"

#include "tests/gateway/observe/exposition_checker.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace ravelin::gateway {
namespace {

void sample_servers(MetricSamples& samples) {
  samples.set(index(Metric::pool_servers), {"blue", "file"}, 7);
  samples.set(index(Metric::server_up), {"blue", "10.0.0.1:80"}, 1);
  samples.set(index(Metric::worker_busy_total), {"0"}, 1.5);
  samples.set(index(Metric::dns_waiting), {}, 3);
  samples.set(index(Metric::server_weight), {"blue", "10.0.0.1:80"}, 3);
  samples.set(index(Metric::server_weight_factor), {"blue", "10.0.0.1:80", "load"}, 0.25);
  samples.set(index(Metric::server_answer_seconds_total), {"blue", "10.0.0.1:80"}, 1.5);
  samples.set(index(Metric::server_answers_total), {"blue", "10.0.0.1:80"}, 300);
  samples.set(index(Metric::pool_circuit), {"blue"}, 1);
  samples.set(index(Metric::server_draining), {"blue", "10.0.0.1:80"}, 0);
  samples.set(index(Metric::server_last_change), {"blue", "10.0.0.1:80"}, 1795519245);
  samples.set(index(Metric::pool_panic), {"blue"}, 1);
}

void sample_certificates(MetricSamples& samples) {
  samples.set(index(Metric::certificate_expiry), {"www.example.com"}, 1800000000);
  samples.set(index(Metric::certificate_generation), {"www.example.com"}, 12);
  samples.set(index(Metric::certificate_renew_at), {"www.example.com"}, 1799000000);
  samples.set(index(Metric::certificate_renewal_failures), {"www.example.com"}, 0);
  samples.set(index(Metric::certificate_refusing_clients), {"www.example.com"}, 3);
  samples.set(index(Metric::certificate_rollbacks_total), {"alerts"}, 1);
  samples.set(index(Metric::certificate_canary_share), {"www.example.com"}, 0.05);
  samples.set(index(Metric::ca_limit_left), {"le", "account"}, 288);
  samples.set(index(Metric::store_certificates), {}, 1000);
  samples.set(index(Metric::store_refused), {}, 0);
  samples.set(index(Metric::store_revision), {"0"}, 7);
  samples.set(index(Metric::store_loads_total), {}, 40);
  samples.set(index(Metric::ticket_key_age), {}, 3600);
  samples.set(index(Metric::key_signatures_total), {"ok"}, 7000);
  samples.set(index(Metric::key_signing_time_total), {}, 0.75);
  samples.set(index(Metric::keys_held), {}, 3);
  samples.set(index(Metric::token_signatures_total), {"web", "ok"}, 5000);
  samples.set(index(Metric::token_waiting), {"web"}, 2);
  samples.set(index(Metric::token_up), {"web"}, 1);
  samples.set(index(Metric::staple_expiry), {"www.example.com"}, 0);
  samples.set(index(Metric::client_crl_expiry), {"web", "CN=clients"}, 1795519245);
  samples.set(index(Metric::client_crl_issued), {"web", "CN=clients"}, 1795500000);
  samples.set(index(Metric::client_crl_fetches_total), {"http://ca.test/c.crl", "taken"}, 3);
  samples.set(index(Metric::client_crl_fetch_time), {"http://ca.test/c.crl"}, 1795500010);
}

void sample_the_rest(MetricSamples& samples) {
  samples.set(index(Metric::config_reload_success), {}, 1);
  samples.set(index(Metric::config_reload_time), {}, 1795519245);
  samples.set(index(Metric::process_running), {"gateway"}, 1);
  samples.set(index(Metric::process_starts_total), {"gateway"}, 2);
  samples.set(index(Metric::log_dropped_total), {"access"}, 0);
  samples.set(index(Metric::abuse_clients), {"banned"}, 2);
  samples.set(index(Metric::kernel_bans_total), {"made"}, 40);
  samples.set(index(Metric::kernel_bans_waiting), {}, 0);
  samples.set(index(Metric::kernel_ban_seconds_total), {}, 0.02);
  samples.set(index(Metric::ban_agent_connected), {}, 1);
  samples.set(index(Metric::quarantined_servers), {}, 2);
  samples.set(index(Metric::kernel_tightened), {}, 0);
  samples.set(index(Metric::limit_entries), {}, 1200);
  samples.set(index(Metric::limit_evictions_total), {}, 0);
  samples.set(index(Metric::overload_active), {"shed_requests"}, 0);
  samples.set(index(Metric::overload_pressure), {"memory"}, 0.4);
}

void count_everything_once(GatewayMetrics& metrics) {
  auto& cells = metrics.worker_cells(0);
  auto& listener = metrics.listener("web");
  listener.connection_opened(cells);
  listener.connection_rejected(cells, Reason::client_connection_limit);
  listener.handshake_done(cells, TlsVersion::tls13, Resumed::no, Reason::none, microseconds(700));
  listener.handshake_done(cells, TlsVersion::none, Resumed::no, Reason::handshake_timeout,
                          microseconds(10'000'000));
  listener.request_started(cells);
  listener.error(cells, Reason::first_byte_timeout);
  listener.error(cells, Reason::none);
  listener.banned(cells, Reason::bad_framing);
  metrics.route("web", "api", "blue")
      .request_done(
          cells, {.status = 200, .duration = microseconds(900), .bytes_in = 10, .bytes_out = 1000});
  metrics.route("web", "api", "blue").request_done(cells, {.status = 799});
  auto& server = metrics.server("blue", "10.0.0.1:80");
  server.request_done(cells, 200);
  server.request_done(cells, 0);
  server.connections_changed(cells, ServerConnectionState::active, 2);
  server.connections_changed(cells, ServerConnectionState::idle, 1);
  server.check_failed(metrics.control_cells());
  auto& pool = metrics.pool("blue");
  pool.request_done(cells, microseconds(800));
  pool.connected(cells, microseconds(300));
  pool.retried(cells, Reason::connect_failed);
  pool.queue_changed(cells, 4);
  pool.bound(cells, StickyResult::refused);
  pool.overflowed(cells);
  pool.hedged(cells, HedgeResult::won);
  pool.mirrored(cells, MirrorResult::answered);
  pool.checked(metrics.control_cells(), microseconds(200));
  metrics.worker(0).event_loop_lag(cells, microseconds(50));
  metrics.config_reloaded("ok");
  metrics.add_collector(sample_servers);
  metrics.add_collector(sample_certificates);
  metrics.add_collector(sample_the_rest);
}

TEST(GatewayMetrics, EveryFamilyIsWrittenAsAScraperWantsIt) {
  GatewayMetrics metrics(2, "0.1.0");
  count_everything_once(metrics);
  const std::string text = metrics.exposition();
  const ExpositionChecker checker(text);
  EXPECT_TRUE(checker.findings().empty()) << checker.findings()[0];
  for (const MetricFamily& family : gateway_metric_families()) {
    EXPECT_NE(text.find("# TYPE " + std::string(family.name) + " "), std::string::npos)
        << family.name;
  }
}

struct SeriesCase {
  const char* series;
  double value;
};

constexpr SeriesCase kSeries[] = {
    {R"(ravelin_requests_total{listener="web",route="api",pool="blue",code="200"})", 1},
    {R"(ravelin_requests_total{listener="web",route="api",pool="blue",code="other"})", 1},
    {R"(ravelin_request_duration_seconds_bucket{listener="web",route="api",le="0.0005"})", 1},
    {R"(ravelin_request_duration_seconds_bucket{listener="web",route="api",le="0.001"})", 2},
    {R"(ravelin_request_duration_seconds_sum{listener="web",route="api"})", 0.0009},
    {R"(ravelin_requests_in_flight{listener="web"})", 1},
    {R"(ravelin_request_bytes_total{listener="web",route="api"})", 10},
    {R"(ravelin_response_bytes_total{listener="web",route="api"})", 1000},
    {R"(ravelin_errors_total{listener="web",reason="first_byte_timeout"})", 1},
    {R"(ravelin_connections{listener="web"})", 1},
    {R"(ravelin_connections_total{listener="web"})", 1},
    {R"(ravelin_connections_rejected_total{listener="web",reason="client_connection_limit"})", 1},
    {R"(ravelin_tls_handshakes_total{listener="web",version="1.3",resumed="no",result="ok"})", 1},
    {R"(ravelin_tls_handshakes_total{listener="web",version="none",resumed="no",result="handshake_timeout"})",
     1},
    {R"(ravelin_tls_handshake_duration_seconds_count{listener="web",resumed="no"})", 1},
    {R"(ravelin_server_requests_total{pool="blue",server="10.0.0.1:80",code="000"})", 1},
    {R"(ravelin_server_connections{pool="blue",server="10.0.0.1:80",state="active"})", 2},
    {R"(ravelin_server_connections{pool="blue",server="10.0.0.1:80",state="idle"})", 1},
    {R"(ravelin_server_check_failures_total{pool="blue",server="10.0.0.1:80"})", 1},
    {R"(ravelin_pool_servers{pool="blue",source="file"})", 7},
    {R"(ravelin_server_up{pool="blue",server="10.0.0.1:80"})", 1},
    {R"(ravelin_upstream_connect_duration_seconds_count{pool="blue"})", 1},
    {R"(ravelin_upstream_retries_total{pool="blue",reason="connect_failed"})", 1},
    {R"(ravelin_upstream_queue_length{pool="blue"})", 4},
    {R"(ravelin_pool_panic{pool="blue"})", 1},
    {R"(ravelin_sticky_requests_total{pool="blue",result="refused"})", 1},
    {R"(ravelin_hash_overflows_total{pool="blue"})", 1},
    {R"(ravelin_certificate_expiry_seconds{name="www.example.com"})", 1800000000},
    {R"(ravelin_key_signatures_total{result="ok"})", 7000},
    {R"(ravelin_key_signing_seconds_total)", 0.75},
    {R"(ravelin_token_signatures_total{token="web",result="ok"})", 5000},
    {R"(ravelin_config_reloads_total{result="ok"})", 1},
    {R"(ravelin_config_reloads_total{result="failed"})", 0},
    {R"(ravelin_config_reload_success)", 1},
    {R"(ravelin_log_dropped_total{log="access"})", 0},
    {R"(ravelin_worker_busy_seconds_total{worker="0"})", 1.5},
    {R"(ravelin_dns_waiting)", 3},
    {R"(ravelin_build_info{version="0.1.0"})", 1},
};

TEST(GatewayMetrics, EachCallCountsInItsSeries) {
  GatewayMetrics metrics(2, "0.1.0");
  count_everything_once(metrics);
  const ExpositionChecker checker(metrics.exposition());
  for (const auto& row : kSeries)
    EXPECT_EQ(checker.value(row.series), row.value) << row.series;
}

TEST(GatewayMetrics, DescribesTheProcess) {
  const GatewayMetrics metrics(1, "0.1.0");
  const ExpositionChecker checker(metrics.exposition());
  EXPECT_GT(checker.value("process_resident_memory_bytes").value_or(0), 1e6);
  EXPECT_GT(checker.value("process_virtual_memory_bytes").value_or(0), 1e6);
  EXPECT_GE(checker.value("process_open_fds").value_or(0), 3);
  EXPECT_GE(checker.value("process_max_fds").value_or(0), 3);
  EXPECT_GE(checker.value("process_cpu_seconds_total").value_or(-1), 0);
  const double age = static_cast<double>(std::time(nullptr)) -
                     checker.value("process_start_time_seconds").value_or(0);
  EXPECT_GE(age, -2);
  EXPECT_LT(age, 3600);
}

TEST(GatewayMetrics, HandlesOutliveAReload) {
  GatewayMetrics metrics(1, "0.1.0");
  auto& before = metrics.route("web", "api", "blue");
  auto& after = metrics.route("web", "api", "blue");
  EXPECT_EQ(&before, &after);
  EXPECT_NE(&before, &metrics.route("web", "api", "green"));
  EXPECT_EQ(&metrics.server("blue", "a"), &metrics.server("blue", "a"));
}

TEST(GatewayMetrics, RoutesPastTheLimitShareOneObject) {
  GatewayMetrics metrics(1, "0.1.0");
  std::set<RouteMetrics*> distinct;
  for (int i = 0; i < 10'000; ++i) {
    distinct.insert(&metrics.route("web", "r" + std::to_string(i), "p"));
  }
  EXPECT_EQ(distinct.size(), 1001U);
  metrics.route("web", "r9999", "p").request_done(metrics.worker_cells(0), {.status = 200});
  const ExpositionChecker checker(metrics.exposition());
  EXPECT_TRUE(checker.findings().empty());
  EXPECT_EQ(checker.value(
                R"(ravelin_requests_total{listener="web",route="other",pool="other",code="200"})"),
            1);
  EXPECT_EQ(
      checker.value(R"(ravelin_request_duration_seconds_count{listener="web",route="other"})"), 1);
}

TEST(GatewayMetrics, StatusCodesAreThoseOfTheRegistry) {
  EXPECT_EQ(status_label(status_slot(200)), "200");
  EXPECT_EQ(status_label(status_slot(511)), "511");
  EXPECT_EQ(status_label(status_slot(0)), "000");
  EXPECT_EQ(status_label(status_slot(299)), "other");
  EXPECT_EQ(status_label(status_slot(512)), "other");
  EXPECT_EQ(status_label(status_slot(100'000)), "other");
  EXPECT_EQ(status_label(status_slot(-1)), "other");
  for (int status = 0; status < 1000; ++status)
    ASSERT_LT(status_slot(status), kStatusSlots);
}

TEST(GatewayMetrics, CountsEveryRequestOfEveryWorkerDuringScrapes) {
  GatewayMetrics metrics(2, "0.1.0");
  std::vector<std::thread> workers;
  for (std::size_t worker = 0; worker < 2; ++worker) {
    workers.emplace_back([&metrics, worker] {
      auto& cells = metrics.worker_cells(worker);
      auto& listener = metrics.listener("web");
      auto& route = metrics.route("web", "api", "blue");
      for (int i = 0; i < 5000; ++i) {
        listener.connection_opened(cells);
        route.request_done(cells, {.status = 100 + i % 500, .duration = microseconds(i)});
        listener.error(cells, static_cast<Reason>(i % static_cast<int>(kReasonCount)));
        listener.connection_closed(cells);
      }
    });
  }
  double last = 0;
  for (int i = 0; i < 20; ++i) {
    const ExpositionChecker checker(metrics.exposition());
    EXPECT_TRUE(checker.findings().empty());
    const double now = checker.value(R"(ravelin_connections_total{listener="web"})").value_or(0);
    EXPECT_GE(now, last);
    last = now;
  }
  for (auto& worker : workers)
    worker.join();
  const ExpositionChecker checker(metrics.exposition());
  EXPECT_EQ(checker.value(R"(ravelin_connections_total{listener="web"})"), 10'000);
  EXPECT_EQ(checker.value(R"(ravelin_connections{listener="web"})"), 0);
  EXPECT_EQ(checker.value(R"(ravelin_request_duration_seconds_count{listener="web",route="api"})"),
            10'000);
  EXPECT_EQ(
      checker.value(R"(ravelin_requests_total{listener="web",route="api",pool="blue",code="404"})"),
      20);
}

}  // namespace
}  // namespace ravelin::gateway
