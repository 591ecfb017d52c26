#include "gateway/proxy/forward/mirror.h"

#include "gateway/proxy/forward/attempt.h"
#include "gateway/proxy/forward/proxy_preface.h"
#include "gateway/proxy/forward/upstream_head.h"
#include "gateway/proxy/own_answers.h"
#include "gateway/proxy/request_values.h"

#include <algorithm>
#include <charconv>

namespace ravelin::gateway {

using base::Task;
using http1::Framing;

namespace {

constexpr std::size_t kAnswerBytesMax = 1024 * 1024;  // read; more closes the connection
constexpr int kInterimMax = 32;
constexpr int kMovesBeforeYield = 16;

// 32 bits of an id that are as good as drawn, and not those the access log samples by.
std::uint32_t draw_from(const RequestId& id) {
  constexpr std::size_t kFirst = 16;
  constexpr std::size_t kDigits = 8;
  std::uint32_t value = 0;
  std::from_chars(id.data() + kFirst, id.data() + kFirst + kDigits, value, 16);
  return value;
}

}  // namespace

Mirror::Mirror(const http1::RequestHead& request, const RequestState& state, WorkerContext& worker,
               WorkerPool& pool)
    : worker_(worker),
      snapshot_(state.snapshot),
      config_(*state.route->config->mirror),
      pool_(pool),
      choice_(pool, worker),
      under_way_(pool.mirrors),
      framing_(request.framing),
      method_(request.method),
      id_(state.id_text()),
      head_(worker.buffers) {
  ++*under_way_;
  if (framing_ == Framing::none) body_bytes_ = 0;
  if (framing_ == Framing::length) body_bytes_ = request.content_length;
  if (is_whole()) return;
  result_ = MirrorResult::incomplete;
  body_.reserve(body_bytes_.value_or(0));
}

Mirror::~Mirror() {
  --*under_way_;
  if (result_) pool_.metrics->mirrored(worker_.cells, *result_);
}

std::unique_ptr<Mirror> Mirror::begin(const http1::RequestHead& request, std::string_view path,
                                      const ClientInfo& client, const RequestState& state,
                                      WorkerContext& worker) {
  const MirrorTarget& target = *state.route->mirror;
  if (draw_from(state.id) >= target.share || request.wants_upgrade) return nullptr;
  if (find_named(request.fields, kMirroredBy) != nullptr) return nullptr;
  const MirrorConfig& config = *state.route->config->mirror;
  WorkerPool& pool = *state.snapshot->pools[target.pool];
  if (*pool.mirrors >= config.in_flight_max) {
    pool.metrics->mirrored(worker.cells, MirrorResult::dropped);
    return nullptr;
  }
  if (request.framing == Framing::length && request.content_length > config.body_bytes_max) {
    pool.metrics->mirrored(worker.cells, MirrorResult::too_large);
    return nullptr;
  }
  std::unique_ptr<Mirror> mirror(new Mirror(request, state, worker, pool));
  if (pool.reads_requests)
    mirror->choice_.use_hints({.key = read_hints(*pool.pool, request, path, client.ip).key});
  const WorkerPool& own = *state.snapshot->pools[state.pool];
  const TemplateValues values = template_values(state);
  const FieldEdit edit{target.changes, values};
  const ForwardedBy by = forwarded_by(client, state, own.pool->sticky());
  if (write_upstream_head(mirror->head_, request, path, by, &edit)) return mirror;
  mirror->result_ = MirrorResult::too_large;
  return nullptr;
}

Mirror::Gathered Mirror::add_body(std::string_view bytes) {
  if (bytes.size() > config_.body_bytes_max - body_.size()) {
    result_ = MirrorResult::too_large;
    return Gathered::too_much;
  }
  body_.append(bytes);
  return is_whole() ? Gathered::all : Gathered::more;
}

void Mirror::send(std::unique_ptr<Mirror> self, const ClientInfo& client) {
  Mirror& mirror = *self;
  mirror.result_ = MirrorResult::no_server;
  if (!mirror.pool_.admits() || mirror.choice_.take() != Reason::none) return;
  const UpstreamProxyConfig& proxy_protocol = mirror.choice_.server().server().proxy_protocol();
  if (proxy_protocol.version != ProxyVersion::off)
    mirror.preface_ = proxy_preface(proxy_protocol, client, mirror.id_);
  base::TaskGroup& tasks = mirror.worker_.tasks;
  tasks.spawn(run(std::move(self)));
}

Task<void> Mirror::run(std::unique_ptr<Mirror> self) {
  self->deadline_ = self->worker_.reactor.now() + self->config_.timeout;
  const MirrorResult result = co_await self->exchange();
  self->result_ = result;
}

// Time is over, for it or for all.
MirrorResult Mirror::late() {
  if (worker_.stopping) return MirrorResult::ended;
  count_failure(choice_.server(), pool_, worker_,
                status_ == 0 ? Reason::first_byte_timeout : Reason::upstream_body_timeout, status_);
  return MirrorResult::timeout;
}

MirrorResult Mirror::failed(Reason reason) {
  if (worker_.stopping) return MirrorResult::ended;
  if (is_server_fault(reason)) count_failure(choice_.server(), pool_, worker_, reason, status_);
  return MirrorResult::failed;
}

Task<MirrorResult> Mirror::exchange() {
  UpstreamServer& server = choice_.server();
  // It is sent once: not on a connection that may just have died.
  auto connection = server.take_idle(UpstreamServer::Care::careful);
  if (connection == nullptr) {
    ConnectFailure failure;
    connection = co_await server.connect(failure, deadline_, preface_);
    if (connection == nullptr) co_return failed(failure.reason);
  }
  UpstreamExchange upstream(worker_, std::move(connection), method_);
  began_ = worker_.reactor.now();
  server.signals().sent();
  const MirrorResult result = co_await converse(upstream);
  if (status_ == 0) server.signals().unanswered();
  const bool may_keep = result == MirrorResult::answered && upstream.may_keep() &&
                        !upstream.stream().is_blocked() && !upstream.stream().is_broken();
  if (may_keep) server.keep(upstream.release());
  co_return result;
}

Task<MirrorResult> Mirror::converse(UpstreamExchange& upstream) {
  const Wake sent = co_await send_request(upstream);
  if (sent != Wake::ready) co_return late();
  const MirrorResult head = co_await read_head(upstream);
  if (head != MirrorResult::answered) co_return head;
  const MirrorResult result = co_await read_body(upstream);
  co_return result;
}

Task<Wake> Mirror::send_request(UpstreamExchange& upstream) {
  Stream& stream = upstream.stream();
  upstream.send_head(head_.readable());
  head_.release();
  for (std::string_view rest = body_; !rest.empty() && !stream.is_broken();) {
    const Wake wake = co_await stream.flush(deadline_);
    if (wake != Wake::ready) co_return wake;
    const std::string_view piece = rest.substr(0, Stream::kWriteMax);
    upstream.send_body(piece, framing_);
    rest.remove_prefix(piece.size());
  }
  upstream.send_body_end({}, framing_);
  const Wake wake = co_await stream.flush(deadline_);
  body_ = {};
  co_return wake;
}

Task<MirrorResult> Mirror::read_head(UpstreamExchange& upstream) {
  using HeadStep = UpstreamExchange::HeadStep;
  UpstreamServer& server = choice_.server();
  http1::ResponseHead& head = worker_.response_head;
  for (int interims = 0; interims <= kInterimMax;) {
    const HeadStep step = upstream.take_head(head);
    if (step == HeadStep::wait) {
      const Wake wake = co_await upstream.stream().socket().readable(deadline_);
      if (wake != Wake::ready) co_return late();
    } else if (step != HeadStep::complete) {
      const bool is_stale = step == HeadStep::closed && upstream.connection().was_reused();
      co_return failed(is_stale ? Reason::none : upstream.reason);
    } else if (head.status >= 200) {
      status_ = head.status;
      server.answered(head, std::chrono::duration_cast<std::chrono::microseconds>(
                                worker_.reactor.now() - began_));
      co_return MirrorResult::answered;
    } else {
      ++interims;
      if (head.switches_protocol) break;
      upstream.next_head();
    }
  }
  co_return failed(Reason::upstream_bad_response);
}

Task<MirrorResult> Mirror::read_body(UpstreamExchange& upstream) {
  std::size_t bytes = 0;
  for (int moves = 1; bytes <= kAnswerBytesMax; ++moves) {
    const BodyStep step = upstream.take_body();
    bytes += step.bytes.size();
    if (step.kind == BodyStep::Kind::end) break;
    if (step.kind == BodyStep::Kind::failed) co_return failed(step.reason);
    if (step.kind == BodyStep::Kind::wait) {
      const Wake wake = co_await upstream.stream().socket().readable(deadline_);
      if (wake != Wake::ready) co_return late();
    }
    if (moves % kMovesBeforeYield == 0) co_await worker_.reactor.yield();
  }
  choice_.server().server().succeeded();
  choice_.server().metrics().request_done(worker_.cells, status_);
  pool_.metrics->request_done(worker_.cells, std::chrono::duration_cast<std::chrono::microseconds>(
                                                 worker_.reactor.now() - began_));
  co_return MirrorResult::answered;
}

}  // namespace ravelin::gateway
