#include "gateway/proxy/forward/attempt.h"

#include "gateway/proxy/forward/proxy_preface.h"

#include <algorithm>

namespace ravelin::gateway {

using base::MonoTime;
using base::Task;

Attempt::Attempt(const AttemptPlan& plan, UpstreamServer& server, From from)
    : plan_(plan), server_(server), until_(plan.deadline), from_(from) {
  if (plan.per_try.count() != 0)
    until_ = std::min(until_, plan.worker.reactor.refresh_now() + plan.per_try);
}

Task<void> Attempt::open() {
  std::unique_ptr<UpstreamConnection> connection;
  if (from_ == From::any) {
    // What must not be sent twice is not risked on a connection that may just have died.
    const bool is_repeatable = is_safe(plan_.method) && plan_.framing == http1::Framing::none;
    const auto care = is_repeatable ? UpstreamServer::Care::normal : UpstreamServer::Care::careful;
    connection = server_.take_idle(care);
  }
  Reactor& reactor = plan_.worker.reactor;
  if (connection == nullptr) {
    const MonoTime began = reactor.now();
    std::string preface;
    const UpstreamProxyConfig& proxy_protocol = server_.server().proxy_protocol();
    if (proxy_protocol.version != ProxyVersion::off)
      preface = proxy_preface(proxy_protocol, plan_.client, plan_.state.id_text());
    connection = co_await server_.connect(failure_, until_, preface);
    connect_time_ =
        std::chrono::duration_cast<std::chrono::microseconds>(reactor.refresh_now() - began);
    if (connection == nullptr) co_return;
    plan_.pool.metrics->connected(plan_.worker.cells, connect_time_);
  }
  upstream_.emplace(plan_.worker, std::move(connection), plan_.method);
  began_ = reactor.now();
  upstream_->send_head(plan_.head.readable());
  server_.signals().sent();
}

Task<void> Attempt::answer() {
  co_await open();
  if (!upstream_) co_return;
  Stream& stream = upstream_->stream();
  until_ = std::min(until_, began_ + plan_.first_byte);
  for (;;) {
    if (stream.may_be_readable() || upstream_->has_input()) {
      const auto step = upstream_->peek_head(status_);
      if (step != UpstreamExchange::HeadStep::wait) co_return;
    }
    const bool is_blocked = stream.is_blocked();
    Wake wake = Wake::ready;
    if (is_blocked) {
      wake = co_await stream.flush(until_);
    } else {
      wake = co_await stream.socket().readable(until_);
    }
    is_late_ = wake != Wake::ready;
    if (is_late_) co_return;
  }
}

void Attempt::forget() {
  if (!upstream_) return;
  server_.signals().unanswered();
  upstream_.reset();
}

Reason Attempt::fault() const {
  if (!upstream_) return failure_.reason;
  if (is_late_) return Reason::first_byte_timeout;
  return upstream_->is_stale() ? Reason::none : upstream_->reason;
}

void count_failure(UpstreamServer& server, const WorkerPool& pool, WorkerContext& worker,
                   Reason reason, int status) {
  if (status == 0) {
    server.signals().failed();
  } else {
    server.signals().broke_off(ServerSignals::answer_of(status));
  }
  server.metrics().request_done(worker.cells, 0);
  const auto limit = static_cast<std::uint32_t>(pool.pool->config().ejection.consecutive_failures);
  if (server.server().failed(limit)) worker.control.server_failed(server.shared_server(), reason);
}

}  // namespace ravelin::gateway
