#include "gateway/proxy/proxy.h"

#include "base/io/log.h"
#include "gateway/http1/host.h"
#include "gateway/proxy/own_answers.h"
#include "gateway/proxy/relay.h"
#include "gateway/proxy/server_choice.h"
#include "gateway/proxy/tunnel.h"
#include "gateway/route/path.h"

namespace ravelin::gateway {

using base::MonoTime;
using base::Task;
using http1::ByteWriter;
using http1::Framing;
using http1::RequestHead;

namespace {

std::chrono::microseconds since(MonoTime from, MonoTime to) {
  return std::chrono::duration_cast<std::chrono::microseconds>(to - from);
}

// A request in flight, gateway-wide.
class Admission {
 public:
  explicit Admission(GatewayLoad& load, std::uint32_t limit)
      : load_(load),
        admitted_(load_.requests_in_flight.fetch_add(1, std::memory_order_relaxed) < limit) {}

  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  ~Admission() { load_.requests_in_flight.fetch_sub(1, std::memory_order_relaxed); }

  [[nodiscard]] bool is_admitted() const { return admitted_; }

 private:
  GatewayLoad& load_;
  bool admitted_;
};

// What of the head is needed once the coroutine has been suspended.
struct RequestFacts {
  Framing framing;
  Method method;
  bool wants_upgrade;
};

// The request as the server will get it, in one pooled block that serves every try.
bool write_upstream_head(Buffer& block, const RequestHead& request, std::string_view path,
                         const ForwardedBy& by) {
  for (const BlockSize size : {BlockSize::small, BlockSize::bulk}) {
    block.release();
    block.acquire(size);
    ByteWriter writer(block.writable());
    write_request_head(writer, request, path, by);
    if (writer.overflowed()) continue;
    block.commit(writer.size());
    return true;
  }
  return false;
}

ForwardedBy forwarded_by(const ClientInfo& client, const RequestState& state) {
  return {.client = client.address,
          .client_is_ipv6 = client.is_ipv6,
          .scheme = client.is_tls ? "https" : "http",
          .port = client.listener_port,
          .is_trusted = client.is_trusted,
          .sends_forwarded = client.listener->config->forwarded.forwarded,
          .request_id = text_of(state.id)};
}

// One request on its way to a pool, over as many tries as it takes.
class Forwarding {
 public:
  Forwarding(Exchange& exchange, const ClientInfo& client, RequestState& state,
             WorkerContext& worker)
      : exchange_(exchange),
        client_(client),
        state_(state),
        worker_(worker),
        facts_{exchange.request().framing, exchange.request().method,
               exchange.request().wants_upgrade},
        pool_(*state.snapshot->pools[state.route->pool]),
        deadline_(deadline_of(state)),
        head_(worker.buffers),
        choice_(pool_, worker) {}

  Task<void> run(std::string_view path);

 private:
  enum class TryEnd : unsigned char { over, again_same, again_other };

  Task<bool> choose();
  Task<TryEnd> try_once();
  Task<std::unique_ptr<UpstreamConnection>> open_connection(ConnectFailure& failure);
  Task<TryEnd> settle(RelayEnd end, UpstreamExchange& upstream, const Relay& relay);
  void server_failed(Reason reason, std::string_view detail);

  [[nodiscard]] bool may_repeat() const { return is_safe(facts_.method) && !body_taken_; }

  // Why the request may wait no longer, whatever it waits for.
  [[nodiscard]] Reason cut_off() const {
    if (worker_.stopping) return Reason::draining;
    const bool is_overdue = worker_.reactor.refresh_now() >= deadline_;
    return is_overdue ? Reason::request_timeout : Reason::none;
  }

  Exchange& exchange_;
  const ClientInfo& client_;
  RequestState& state_;
  WorkerContext& worker_;
  RequestFacts facts_;
  WorkerPool& pool_;
  MonoTime deadline_;  // of the whole request
  Buffer head_;
  ServerChoice choice_;
  bool body_taken_ = false;
  bool wants_fresh_ = false;
};

Task<void> Forwarding::run(std::string_view path) {
  const RequestHead& request = exchange_.request();
  const bool wants_upgrade = facts_.wants_upgrade && state_.route->config->upgrades;
  if (facts_.wants_upgrade && !wants_upgrade) {
    answer_failure(exchange_, state_, Reason::bad_field, "upgrades are off for this route", true);
    co_return;
  }
  if (!write_upstream_head(head_, request, path, forwarded_by(client_, state_))) {
    answer_failure(exchange_, state_, Reason::header_too_large, "the forwarded head is too large",
                   facts_.framing != Framing::none);
    co_return;
  }
  auto retries_max = static_cast<std::uint32_t>(state_.route->config->retry.attempts);
  bool choose_again = true;
  for (;;) {
    if (choose_again) {
      const bool chosen = co_await choose();
      if (!chosen) co_return;
    }
    const TryEnd end = co_await try_once();
    if (end == TryEnd::over) co_return;
    if (end == TryEnd::again_same) ++retries_max;  // that was no attempt; it happens once
    if (state_.retries >= retries_max) {
      answer_failure(exchange_, state_, state_.reason, state_.detail,
                     facts_.framing != Framing::none);
      co_return;
    }
    pool_.metrics->retried(worker_.cells, state_.reason);
    ++state_.retries;
    choose_again = end == TryEnd::again_other;
  }
}

Task<bool> Forwarding::choose() {
  Reason reason = choice_.take();
  if (reason == Reason::queue_timeout) {
    const MonoTime began = worker_.reactor.refresh_now();
    reason = co_await choice_.queue(deadline_);
    state_.queue = since(began, worker_.reactor.refresh_now());
    if (reason == Reason::queue_timeout && cut_off() != Reason::none) reason = cut_off();
  }
  if (reason == Reason::none) co_return true;
  // A retry that finds no other server reports what went wrong on the first.
  const Reason told = state_.retries == 0 ? reason : state_.reason;
  answer_failure(exchange_, state_, told, state_.detail, facts_.framing != Framing::none);
  co_return false;
}

Task<std::unique_ptr<UpstreamConnection>> Forwarding::open_connection(ConnectFailure& failure) {
  UpstreamServer& server = choice_.server();
  if (!wants_fresh_) {
    // What must not be sent twice is not risked on a connection that may just have died.
    const auto care =
        is_safe(facts_.method) ? UpstreamServer::Care::normal : UpstreamServer::Care::careful;
    auto idle = server.take_idle(care);
    if (idle != nullptr) co_return idle;
  }
  const MonoTime began = worker_.reactor.now();
  auto fresh = co_await server.connect(failure, deadline_);
  state_.connect = since(began, worker_.reactor.refresh_now());
  if (fresh != nullptr) pool_.metrics->connected(worker_.cells, state_.connect);
  co_return fresh;
}

Task<Forwarding::TryEnd> Forwarding::try_once() {
  ConnectFailure failure;
  state_.server = &choice_.server();
  auto connection = co_await open_connection(failure);
  if (connection == nullptr) {
    const Reason cut = cut_off();
    const Reason why = cut == Reason::none ? failure.reason : cut;
    if (!is_server_fault(why)) {
      // Out of time, or this machine's trouble: another server would fare no better, and none is to
      // blame.
      answer_failure(exchange_, state_, why, failure.detail, facts_.framing != Framing::none);
      co_return TryEnd::over;
    }
    // Nothing was sent: any request may go elsewhere.
    server_failed(failure.reason, failure.detail);
    choice_.mark_tried();
    co_return TryEnd::again_other;
  }
  UpstreamExchange upstream(worker_, std::move(connection), facts_.method);
  state_.upstream_reused = upstream.connection().was_reused();
  state_.upstream_began = worker_.reactor.now();
  upstream.send_head(head_.readable());
  choice_.server().signals().sent();
  Relay relay(exchange_, upstream, client_, state_, worker_, facts_.framing, facts_.wants_upgrade);
  const RelayEnd end = co_await relay.run();
  if (!relay.head_done()) choice_.server().signals().unanswered();
  body_taken_ = body_taken_ || relay.body_taken();
  const TryEnd verdict = co_await settle(end, upstream, relay);
  co_return verdict;
}

Task<Forwarding::TryEnd> Forwarding::settle(RelayEnd end, UpstreamExchange& upstream,
                                            const Relay& relay) {
  UpstreamServer& server = choice_.server();
  if (end == RelayEnd::done) {
    state_.reason = Reason::none;
    state_.detail.clear();
    server.server().succeeded();
    server.metrics().request_done(worker_.cells, state_.status);
    pool_.metrics->request_done(worker_.cells, since(state_.upstream_began, worker_.reactor.now()));
    if (upstream.may_keep() && relay.request_done() && !upstream.stream().is_blocked() &&
        !upstream.stream().is_broken()) {
      server.keep(upstream.release());
    }
    co_return TryEnd::over;
  }
  if (end == RelayEnd::tunnel) {
    server.server().succeeded();
    server.metrics().request_done(worker_.cells, state_.status);
    co_await run_tunnel(exchange_.tunnel_stream(), upstream.stream(), exchange_.tunnel_input(),
                        upstream.raw_input(), worker_.reactor,
                        state_.route->config->tunnel_idle_timeout);
    co_return TryEnd::over;
  }
  if (end == RelayEnd::failed) {
    if (is_server_fault(state_.reason)) server_failed(state_.reason, state_.detail);
    co_return TryEnd::over;
  }
  // The server closed before a byte of response. On a kept connection that is no fault: it was idle
  // too long.
  if (upstream.connection().was_reused() && may_repeat()) {
    wants_fresh_ = true;
    state_.reason = upstream.reason;
    co_return TryEnd::again_same;
  }
  server_failed(upstream.reason, upstream.detail);
  if (may_repeat()) {
    choice_.mark_tried();
    co_return TryEnd::again_other;
  }
  answer_failure(exchange_, state_, state_.reason, state_.detail, facts_.framing != Framing::none);
  co_return TryEnd::over;
}

void Forwarding::server_failed(Reason reason, std::string_view detail) {
  state_.reason = reason;
  state_.detail = detail;
  UpstreamServer& server = choice_.server();
  server.signals().failed();
  server.metrics().request_done(worker_.cells, 0);
  const auto limit = static_cast<std::uint32_t>(pool_.pool->config().ejection.consecutive_failures);
  if (server.server().failed(limit)) worker_.control.server_failed(server.shared_server(), reason);
}

}  // namespace

MonoTime deadline_of(const RequestState& state) {
  const base::Duration time = state.route->config->request_timeout;
  return time.count() == 0 ? kNever : state.began + time;
}

Task<void> serve_request(Exchange& exchange, const ClientInfo& client, RequestState& state,
                         WorkerContext& worker) {
  const RequestHead& request = exchange.request();
  const ListenerRuntime& listener = *client.listener;
  note_request(request, state);
  const bool has_body = request.framing != Framing::none;
  const Admission admission(worker.load, state.snapshot->snapshot->config.overload.requests_max);
  if (!admission.is_admitted()) {
    answer_failure(exchange, state, Reason::overload,
                   "more requests in flight than overload.requests_max", has_body);
    co_return;
  }
  std::array<char, http1::kHostBytesMax> host_buffer;
  const std::string_view host =
      request.host_has_upper ? http1::lower_host(request.host, host_buffer) : request.host;
  Buffer path_block(worker.buffers);
  CanonicalPath path = canonical_path(request.path, {});
  if (path.fault == PathFault::scratch_too_small) {
    path_block.acquire(BlockSize::bulk);
    path = canonical_path(request.path, path_block.writable());
  }
  if (path.path.empty()) {
    answer_failure(exchange, state, Reason::bad_path, describe(path.fault), has_body);
    co_return;
  }
  if (listener.config->redirect_https) {
    answer_https_redirect(exchange, state, *state.snapshot->snapshot, host, path.path);
    co_return;
  }
  const Match match = listener.router.match(host, path.path, request.method_text);
  if (match.outcome != Match::Outcome::matched) {
    answer_no_route(exchange, client, state, match, host, path.path);
    co_return;
  }
  state.route = &listener.routes[match.route];
  const RouteConfig& route = *state.route->config;
  if (!path.is_permitted(route.path_policy)) {
    answer_failure(exchange, state, Reason::bad_path, describe(path.fault), has_body);
    co_return;
  }
  const std::uint64_t body_max = listener.config->limits.body_bytes_max;
  if (body_max != 0 && request.framing == Framing::length && request.content_length > body_max) {
    answer_failure(exchange, state, Reason::body_too_large, "Content-Length is above limits.body",
                   true);
    co_return;
  }
  if (route.pool.empty()) {
    answer_from_route(exchange, client, state, path.path);
    co_return;
  }
  Forwarding forwarding(exchange, client, state, worker);
  co_await forwarding.run(path.path);
}

}  // namespace ravelin::gateway
