#include "gateway/proxy/forward/forwarding.h"

#include "gateway/proxy/forward/attempt.h"
#include "gateway/proxy/forward/hedged_try.h"
#include "gateway/proxy/forward/mirror.h"
#include "gateway/proxy/forward/pick_hints.h"
#include "gateway/proxy/forward/relay.h"
#include "gateway/proxy/forward/server_choice.h"
#include "gateway/proxy/forward/tunnel.h"
#include "gateway/proxy/forward/upstream_head.h"
#include "gateway/proxy/own_answers.h"
#include "gateway/proxy/request_values.h"

#include <memory>
#include <utility>

namespace ravelin::gateway {

using base::MonoTime;
using base::Task;
using http1::Framing;

namespace {

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
               exchange.request().wants_upgrade && state.route->config->upgrades,
               exchange.request().expects_continue},
        pool_(*state.snapshot->pools[state.pool]),
        deadline_(deadline_of(state)),
        head_(worker.buffers),
        choice_(pool_, worker),
        retry_(state.route->config->retry),
        plan_{.worker = worker,
              .pool = pool_,
              .client = client,
              .state = state,
              .method = facts_.method,
              .framing = facts_.framing,
              .head = head_,
              .deadline = deadline_,
              .per_try = retry_.per_try_timeout,
              .first_byte = state.route->config->first_byte_timeout},
        retries_max_(static_cast<std::uint32_t>(retry_.attempts)) {}

  // `question` is asked: nothing is sent before it is answered.
  Task<void> run(std::string_view path, const PasswordQuestion& question);

 private:
  enum class TryEnd : unsigned char { over, again_same, again_other };

  bool write_head(std::string_view path);
  // Whether and how the request may be sent to a second server beside the first.
  void prepare_hedge(const HedgeConfig& hedge);
  Task<bool> choose();
  Task<TryEnd> try_once();
  TryEnd not_connected(const ConnectFailure& failure);
  Task<TryEnd> settle(RelayEnd end, UpstreamExchange& upstream, const Relay& relay);
  // After a 101, to its end.
  Task<void> carry_tunnel(UpstreamExchange& upstream);
  // The client has gone, and was sent nothing.
  void nobody_waits();
  // `status`: of the answer that was not whole; 0 = none came.
  void server_failed(Reason reason, std::string_view detail, int status = 0);

  [[nodiscard]] bool may_repeat() const { return is_safe(facts_.method) && !body_taken_; }

  // `until`: for the first byte of the answer.
  [[nodiscard]] RetryChance retry_chance(MonoTime until);
  // Whether the try that failed may be followed by another; counts it.
  bool begin_retry(TryEnd end);

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
  const RetryConfig& retry_;
  const AttemptPlan plan_;
  const HedgeConfig* hedge_ = nullptr;  // null: it is not, or no more
  std::unique_ptr<Mirror> mirror_;      // the copy for another pool; null = none, or sent
  std::uint32_t retries_max_;
  bool body_taken_ = false;
  bool wants_fresh_ = false;
};

bool Forwarding::write_head(std::string_view path) {
  const ForwardedBy by = forwarded_by(client_, state_, pool_.pool->sticky());
  if (!state_.route->edits_request)
    return write_upstream_head(head_, exchange_.request(), path, by, nullptr);
  const TemplateValues values = template_values(state_);
  const FieldEdit edit{state_.route->request_changes, values};
  return write_upstream_head(head_, exchange_.request(), path, by, &edit);
}

Task<void> Forwarding::run(std::string_view path, const PasswordQuestion& question) {
  if (pool_.reads_requests)
    choice_.use_hints(read_hints(*pool_.pool, exchange_.request(), path, client_.ip));
  if (!write_head(path)) {
    answer_failure(exchange_, state_, Reason::header_too_large, "the forwarded head is too large",
                   facts_.framing != Framing::none);
    co_return;
  }
  if (state_.route->mirror != nullptr)
    mirror_ = Mirror::begin(exchange_.request(), path, client_, state_, worker_);
  if (question.is_asked) {
    const bool is_right =
        co_await finish_auth(exchange_, state_, worker_, question, facts_.framing != Framing::none);
    if (!is_right) co_return;
  }
  if (!pool_.admits()) {
    answer_failure(exchange_, state_, Reason::circuit_open, "most requests to the pool fail",
                   facts_.framing != Framing::none);
    co_return;
  }
  pool_.retry_budget.request();
  const auto& hedge = state_.route->config->hedge;
  if (hedge) prepare_hedge(*hedge);
  bool choose_again = true;
  for (;;) {
    if (choose_again) {
      const bool chosen = co_await choose();
      if (!chosen) co_return;
    }
    const TryEnd end = co_await try_once();
    if (end == TryEnd::over) co_return;
    if (!begin_retry(end)) {
      answer_failure(exchange_, state_, state_.reason, state_.detail,
                     facts_.framing != Framing::none);
      co_return;
    }
    choose_again = end == TryEnd::again_other;
  }
}

void Forwarding::prepare_hedge(const HedgeConfig& hedge) {
  const bool is_harmless =
      is_safe(facts_.method) && facts_.framing == Framing::none && !facts_.wants_upgrade;
  if (!is_harmless || choice_.is_bound() || pool_.servers.size() < 2) return;
  hedge_ = &hedge;
  pool_.hedge_budget.request(static_cast<std::uint32_t>(hedge.percent_max));
}

bool Forwarding::begin_retry(TryEnd end) {
  if (end == TryEnd::again_same) {
    ++retries_max_;  // that was no attempt; it happens once
  } else if (state_.retries < retries_max_ && !pool_.retry_budget.take(worker_.reactor.now())) {
    pool_.metrics->retry_denied(worker_.cells);
    return false;
  }
  if (state_.retries >= retries_max_) return false;
  pool_.metrics->retried(worker_.cells, state_.reason);
  ++state_.retries;
  return true;
}

RetryChance Forwarding::retry_chance(MonoTime until) {
  RetryChance chance{.until = until, .per_try = retry_.per_try_timeout};
  const bool is_repeatable = is_safe(facts_.method) && facts_.framing == Framing::none;
  if (!is_repeatable || state_.retries >= retries_max_) return chance;
  if (!retry_.on_timeout && retry_.on_status.empty()) return chance;
  if (!pool_.retry_budget.has_any(worker_.reactor.now())) return chance;
  chance.takes_late = retry_.on_timeout;
  chance.statuses = retry_.on_status;
  return chance;
}

Task<bool> Forwarding::choose() {
  Reason reason = choice_.take();
  if (reason == Reason::queue_timeout) {
    const MonoTime began = worker_.reactor.refresh_now();
    reason = co_await choice_.queue(exchange_, deadline_);
    state_.queue = base::elapsed(began, worker_.reactor.refresh_now());
    if (reason == Reason::queue_timeout && cut_off() != Reason::none) reason = cut_off();
  }
  if (reason == Reason::none) co_return true;
  if (reason == Reason::client_closed) {
    nobody_waits();
    co_return false;
  }
  // A retry that finds no other server reports what went wrong on the first.
  const Reason told = state_.retries == 0 ? reason : state_.reason;
  answer_failure(exchange_, state_, told, state_.detail, facts_.framing != Framing::none);
  co_return false;
}

Task<Forwarding::TryEnd> Forwarding::try_once() {
  Attempt first(plan_, choice_.server(), wants_fresh_ ? Attempt::From::fresh : Attempt::From::any);
  Attempt* attempt = &first;
  std::unique_ptr<HedgedTry> hedged;
  state_.server = &choice_.server();
  if (hedge_ != nullptr) {
    hedged = std::make_unique<HedgedTry>(plan_, *hedge_, choice_, first, state_, exchange_);
    co_await hedged->run();
    if (exchange_.client_has_gone()) {
      nobody_waits();
      co_return TryEnd::over;
    }
    attempt = &hedged->winner();
    if (hedged->is_decided()) hedge_ = nullptr;
    state_.server = &choice_.server();
  } else {
    co_await first.open();
  }
  state_.set_cookie = choice_.set_cookie();
  if (attempt->connect_time() != kNoTime) state_.connect = attempt->connect_time();
  if (!attempt->is_open()) co_return not_connected(attempt->failure());
  UpstreamExchange& upstream = attempt->upstream();
  state_.upstream_reused = upstream.connection().was_reused();
  state_.upstream_began = attempt->began();
  if (mirror_ != nullptr && mirror_->is_whole()) Mirror::send(std::move(mirror_), client_);
  Relay relay(exchange_, upstream, client_, state_, worker_, facts_,
              retry_chance(attempt->until()));
  if (mirror_ != nullptr) relay.copy_body_to(mirror_);
  const RelayEnd end = co_await relay.run();
  if (!relay.is_answered()) choice_.server().signals().unanswered();
  body_taken_ = body_taken_ || relay.body_taken();
  const TryEnd verdict = co_await settle(end, upstream, relay);
  co_return verdict;
}

Forwarding::TryEnd Forwarding::not_connected(const ConnectFailure& failure) {
  const Reason cut = cut_off();
  const Reason why = cut == Reason::none ? failure.reason : cut;
  if (!is_server_fault(why)) {
    // Out of time, or this machine's trouble: another server would fare no better, and none is to
    // blame.
    answer_failure(exchange_, state_, why, failure.detail, facts_.framing != Framing::none);
    return TryEnd::over;
  }
  // Nothing was sent: any request may go elsewhere.
  server_failed(failure.reason, failure.detail);
  if (!retry_.on_connect) retries_max_ = 0;
  choice_.mark_tried();
  return TryEnd::again_other;
}

Task<Forwarding::TryEnd> Forwarding::settle(RelayEnd end, UpstreamExchange& upstream,
                                            const Relay& relay) {
  UpstreamServer& server = choice_.server();
  if (end == RelayEnd::done) {
    state_.reason = Reason::none;
    state_.detail.clear();
    server.server().succeeded();
    server.metrics().request_done(worker_.cells, state_.status);
    pool_.metrics->request_done(worker_.cells,
                                base::elapsed(state_.upstream_began, worker_.reactor.now()));
    if (upstream.may_keep() && relay.request_done() && !upstream.stream().is_blocked() &&
        !upstream.stream().is_broken()) {
      server.keep(upstream.release());
    }
    co_return TryEnd::over;
  }
  if (end == RelayEnd::tunnel) {
    server.server().succeeded();
    server.metrics().request_done(worker_.cells, state_.status);
    co_await carry_tunnel(upstream);
    co_return TryEnd::over;
  }
  if (end == RelayEnd::late) {
    server_failed(Reason::first_byte_timeout, "no byte of response in time");
    choice_.mark_tried();
    co_return TryEnd::again_other;
  }
  if (end == RelayEnd::refused) {
    server.metrics().request_done(worker_.cells, state_.status);
    state_.reason = Reason::upstream_error_status;
    state_.detail = fmt::format("the server answered {}", state_.status);
    choice_.mark_tried();
    co_return TryEnd::again_other;
  }
  if (end == RelayEnd::failed) {
    const int status = relay.is_answered() ? state_.status : 0;
    if (is_server_fault(state_.reason)) server_failed(state_.reason, state_.detail, status);
    co_return TryEnd::over;
  }
  // The server closed before a byte of response. On a kept connection that is no fault: it was idle
  // too long.
  const bool is_stale = upstream.connection().was_reused();
  if (is_stale && may_repeat()) {
    wants_fresh_ = true;
    state_.reason = upstream.reason;
    co_return TryEnd::again_same;
  }
  state_.reason = upstream.reason;
  state_.detail = upstream.detail;
  if (!is_stale) server_failed(upstream.reason, upstream.detail);
  if (may_repeat() && retry_.on_closed) {
    choice_.mark_tried();
    co_return TryEnd::again_other;
  }
  answer_failure(exchange_, state_, state_.reason, state_.detail, facts_.framing != Framing::none);
  co_return TryEnd::over;
}

Task<void> Forwarding::carry_tunnel(UpstreamExchange& upstream) {
  Buffer client_ahead = exchange_.take_tunnel_input();
  Buffer server_ahead = std::move(upstream.raw_input());
  const TunnelResult result = co_await run_tunnel(
      exchange_.tunnel_stream(), upstream.stream(), std::move(client_ahead),
      std::move(server_ahead), worker_.reactor, state_.route->config->tunnel_idle_timeout);
  exchange_.count_tunnel(result.to_server, result.to_client);
  switch (result.end) {
    case TunnelEnd::finished:
      break;
    case TunnelEnd::idle:
      state_.reason = worker_.stopping ? Reason::draining : Reason::tunnel_idle;
      break;
    case TunnelEnd::client_gone:
      state_.reason = Reason::client_closed;
      break;
    case TunnelEnd::server_gone:
      state_.reason = Reason::upstream_reset;
      break;
  }
}

void Forwarding::nobody_waits() {
  state_.reason = Reason::client_closed;
  state_.status = 0;
  state_.detail.clear();
}

void Forwarding::server_failed(Reason reason, std::string_view detail, int status) {
  state_.reason = reason;
  state_.detail = detail;
  count_failure(choice_.server(), pool_, worker_, reason, status);
}

}  // namespace

Task<void> forward_request(Exchange& exchange, const ClientInfo& client, RequestState& state,
                           WorkerContext& worker, std::string_view path,
                           const PasswordQuestion& question) {
  Forwarding forwarding(exchange, client, state, worker);
  co_await forwarding.run(path, question);
}

}  // namespace ravelin::gateway
