#include "gateway/proxy/forward/relay.h"

#include "gateway/proxy/request_values.h"

#include <algorithm>
#include <utility>

namespace ravelin::gateway {

using base::MonoTime;
using base::Task;
using http1::Framing;

namespace {

constexpr int kChunksBeforeYield = 16;  // about 1 MiB

}  // namespace

// Suspends until one of the two directions may move, or until the deadline.
class Relay::Wait : public CoroutineWaiter {
 public:
  explicit Wait(Relay& relay) : relay_(relay) {}

  [[nodiscard]] bool await_ready() const {
    if (relay_.exchange_.is_broken()) return true;
    const bool body = wants_body() && relay_.exchange_.body_may_be_ready();
    const bool response = wants_response() && relay_.upstream_.stream().may_be_readable();
    return body || response;
  }

  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    relay_.worker_.reactor.timers().arm(*this, relay_.deadline());
    if (wants_body()) relay_.exchange_.watch_body(*this);
    if (relay_.request_done_) relay_.exchange_.watch_client(*this);
    if (relay_.upstream_.stream().is_blocked())
      relay_.upstream_.stream().socket().watch_writable(*this);
    if (relay_.exchange_.is_blocked()) {
      relay_.exchange_.watch_output(*this);
    } else if (wants_response()) {
      relay_.upstream_.stream().socket().watch_readable(*this);
    }
  }

 private:
  [[nodiscard]] bool wants_body() const {
    return !relay_.request_done_ && !relay_.upstream_.stream().is_blocked() &&
           relay_.up_.is_open(relay_.worker_.reactor.now());
  }

  [[nodiscard]] bool wants_response() const {
    return !relay_.exchange_.is_blocked() && relay_.down_.is_open(relay_.worker_.reactor.now());
  }

  Relay& relay_;
};

namespace {

constexpr BandwidthLimitConfig kNoBandwidthLimit;

const BandwidthLimitConfig& bandwidth_of(const RequestState& state) {
  return state.route->limits == nullptr ? kNoBandwidthLimit : state.route->limits->bandwidth();
}

}  // namespace

Relay::Relay(Exchange& exchange, UpstreamExchange& upstream, const ClientInfo& client,
             RequestState& state, WorkerContext& worker, const RequestFacts& request,
             const RetryChance& chance)
    : exchange_(exchange),
      upstream_(upstream),
      client_(client),
      state_(state),
      worker_(worker),
      request_(request),
      chance_(chance),
      pace_(worker.reactor.now(), state.route->body_idle, state.route->min_rate_bytes_per_s),
      down_(bandwidth_of(state).down_bytes_per_s),
      up_(bandwidth_of(state).up_bytes_per_s),
      request_deadline_(deadline_of(state)),
      upstream_since_(worker.reactor.now()),
      request_done_(request.framing == Framing::none),
      awaits_continue_(request.expects_continue) {
  if (!request_done_) chance_.until = kNever;
}

bool Relay::waits_for_client() const {
  const bool takes_body = !request_done_ && !awaits_continue_ && !upstream_.stream().is_blocked();
  return exchange_.is_blocked() || takes_body;
}

void Relay::note_turn() {
  const bool is_clients = waits_for_client();
  if (is_clients == was_clients_turn_) return;
  was_clients_turn_ = is_clients;
  const MonoTime now = worker_.reactor.now();
  if (is_clients) {
    pace_.excuse(now);
  } else {
    upstream_since_ = now;
  }
}

void Relay::request_is_sent(MonoTime now) {
  request_done_ = true;
  if (chance_.per_try.count() != 0) chance_.until = now + chance_.per_try;
}

MonoTime Relay::upstream_deadline() const {
  const MonoTime next = upstream_since_ + state_.route->config->first_byte_timeout;
  return head_done_ ? next : std::min(next, chance_.until);
}

bool Relay::is_held_up() const {
  const MonoTime now = worker_.reactor.now();
  return !down_.is_open(now) || !up_.is_open(now);
}

MonoTime Relay::deadline() const {
  if (is_held_up()) {
    const MonoTime now = worker_.reactor.now();
    const MonoTime down = down_.is_open(now) ? request_deadline_ : down_.open_at();
    const MonoTime up = up_.is_open(now) ? request_deadline_ : up_.open_at();
    return std::min({down, up, request_deadline_});
  }
  const MonoTime turn = waits_for_client() ? pace_.next_check() : upstream_deadline();
  return std::min(turn, request_deadline_);
}

Reason Relay::overdue(MonoTime now) {
  if (now >= request_deadline_) return Reason::request_timeout;
  const bool is_clients = waits_for_client();
  const bool is_readers = exchange_.is_blocked();
  drain_response();
  if (!is_clients) {
    if (now < upstream_deadline()) return Reason::none;
    return head_done_ ? Reason::upstream_body_timeout : Reason::first_byte_timeout;
  }
  switch (pace_.check(now)) {
    case Pace::Verdict::fine:
      return Reason::none;
    case Pace::Verdict::idle:
      return is_readers ? Reason::write_timeout : Reason::body_timeout;
    case Pace::Verdict::too_slow:
      return is_readers ? Reason::write_timeout : Reason::body_too_slow;
  }
  return Reason::none;
}

// The kernel takes more only once a third of what it holds has left, minutes at a modem's pace:
// what has left by then is progress, too.
void Relay::drain_response() {
  const std::size_t blocked_before = exchange_.blocked_bytes();
  if (blocked_before == 0) return;
  exchange_.drain_output();
  const MonoTime now = worker_.reactor.now();
  if (!exchange_.is_blocked()) {
    unsent_ = 0;
    pace_.progressed(now, blocked_before);
    return;
  }
  const std::size_t before = std::exchange(unsent_, exchange_.unsent_bytes());
  if (unsent_ < before) pace_.progressed(now, before - unsent_);
}

Task<RelayEnd> Relay::run() {
  int moves = 0;
  for (;;) {
    if (upstream_.stream().is_blocked()) upstream_.stream().release_output();
    drain_response();
    if (exchange_.is_broken() || exchange_.client_has_gone()) {
      if (exchange_.head_sent()) exchange_.abort();
      state_.reason = Reason::client_closed;
      co_return RelayEnd::failed;
    }
    const Move request = pump_request();
    if (request == Move::stop) co_return end_;
    const Move response = pump_response();
    if (response == Move::stop) co_return end_;
    if (request == Move::some || response == Move::some) {
      if (++moves % kChunksBeforeYield == 0) co_await worker_.reactor.yield();
      continue;
    }
    note_turn();
    const bool was_held_up = is_held_up();
    Wait wait(*this);
    const Wake wake = co_await wait;
    if (was_held_up) {
      upstream_since_ = worker_.reactor.refresh_now();
      pace_.excuse(upstream_since_);
    }
    if (worker_.stopping) {
      fail(Reason::draining, "the gateway stops");
      co_return end_;
    }
    if (wake == Wake::ready) continue;
    const Reason late = overdue(worker_.reactor.refresh_now());
    if (late == Reason::first_byte_timeout && chance_.takes_late) co_return RelayEnd::late;
    if (late != Reason::none) {
      fail(late, "deadline");
      co_return end_;
    }
  }
}

Relay::Move Relay::pump_request() {
  if (request_done_ || upstream_.stream().is_blocked()) return Move::none;
  if (upstream_.stream().is_broken()) {
    // The server refuses the rest of the body; its response may have come nevertheless.
    request_is_sent(worker_.reactor.now());
    return Move::none;
  }
  if (!up_.is_open(worker_.reactor.now()) || !exchange_.body_may_be_ready()) return Move::none;
  const BodyStep step = exchange_.take_body();
  const MonoTime now = worker_.reactor.now();
  switch (step.kind) {
    case BodyStep::Kind::wait:
      return Move::none;
    case BodyStep::Kind::failed:
      return fail(step.reason, step.detail);
    case BodyStep::Kind::data:
      body_taken_ = true;
      awaits_continue_ = false;
      pace_.progressed(now, step.bytes.size());
      up_.passed(now, step.bytes.size());
      upstream_.send_body(step.bytes, request_.framing);
      break;
    case BodyStep::Kind::end:
      // One that was empty can be had again.
      body_taken_ = body_taken_ || !step.bytes.empty();
      request_is_sent(now);
      upstream_.send_body_end(step.bytes, request_.framing);
      pace_.excuse(now);
      break;
  }
  if (mirror_ != nullptr) copy_body(step);
  upstream_since_ = now;
  return Move::some;
}

void Relay::copy_body(const BodyStep& step) {
  std::unique_ptr<Mirror>& mirror = *mirror_;
  const bool is_end = step.kind == BodyStep::Kind::end;
  // The server may answer as soon as it has the last byte, before the end is looked for.
  const auto gathered = is_end ? Mirror::Gathered::all : mirror->add_body(step.bytes);
  if (gathered == Mirror::Gathered::more) return;
  if (gathered == Mirror::Gathered::all) {
    Mirror::send(std::move(mirror), client_);
  } else {
    mirror.reset();
  }
  mirror_ = nullptr;
}

Relay::Move Relay::pump_response() {
  if (exchange_.is_blocked()) return Move::none;
  if (!head_done_) {
    const bool may_be_there = upstream_.stream().may_be_readable() || upstream_.has_input();
    if (!may_be_there && !upstream_.has_ended()) return Move::none;
    return take_head();
  }
  if (!down_.is_open(worker_.reactor.now())) return Move::none;
  return pump_body(upstream_.take_body());
}

Relay::Move Relay::take_head() {
  http1::ResponseHead& head = worker_.response_head;
  switch (upstream_.take_head(head)) {
    case UpstreamExchange::HeadStep::wait:
      return Move::none;
    case UpstreamExchange::HeadStep::closed:
      return finish(RelayEnd::untouched);
    case UpstreamExchange::HeadStep::failed:
      return fail(upstream_.reason, upstream_.detail);
    case UpstreamExchange::HeadStep::complete:
      break;
  }
  const MonoTime now = worker_.reactor.now();
  upstream_since_ = now;
  if (head.status >= 200) return begin_response(head);
  if (!head.switches_protocol) {
    exchange_.send_interim(head);
    awaits_continue_ = awaits_continue_ && head.status != 100;
    upstream_.next_head();
    return ++interims_ > kInterimMax
               ? fail(Reason::upstream_bad_response, "too many interim responses")
               : Move::some;
  }
  const bool asked = request_.wants_upgrade && request_done_;
  if (!asked)
    return fail(Reason::upstream_bad_response, "101 to a request that did not ask for it");
  if (!exchange_.switch_protocol(head))
    return fail(Reason::upstream_bad_response, "101 cannot be forwarded");
  state_.status = head.status;
  return finish(RelayEnd::tunnel);
}

Relay::Move Relay::begin_response(const http1::ResponseHead& head) {
  state_.status = head.status;
  state_.first_byte = base::elapsed(state_.upstream_began, worker_.reactor.now());
  upstream_.connection().home().answered(head, state_.first_byte);
  is_answered_ = true;
  if (std::ranges::find(chance_.statuses, head.status) != chance_.statuses.end())
    return finish(RelayEnd::refused);
  ResponseStart start{
      .status = head.status,
      .from = &head,
      .extra = client_.listener->response_fields,
      .set_cookie = state_.set_cookie,
      .has_hsts = client_.listener->has_hsts,
      .closes = client_.must_close || worker_.load.draining.load(std::memory_order_relaxed)};
  if (head.framing == Framing::none) {
    start.announces_length = head.has_content_length && head.status != 204;
    start.length = head.content_length;
  } else if (head.framing == Framing::length) {
    start.body = ResponseStart::Body::length;
    start.length = head.content_length;
  } else {
    start.body = ResponseStart::Body::unknown;
  }
  if (!state_.route->edits_response) return send_response(start);
  const TemplateValues values = template_values(state_);
  const FieldEdit edit{state_.route->response_changes, values};
  if (edit.changes.bytes(values) > kEditBytesMax)
    return fail(Reason::header_too_large, "too large with the route's response_headers");
  start.edit = &edit;
  return send_response(start);
}

Relay::Move Relay::send_response(const ResponseStart& start) {
  // The body's beginning usually came along: it leaves with the head. Taking it may reuse the block
  // the head lies in, so only what is there already is looked at.
  head_done_ = true;
  const BodyStep first = upstream_.take_buffered_body();
  const bool is_end = first.kind == BodyStep::Kind::end;
  if (first.kind == BodyStep::Kind::failed) return fail(first.reason, first.detail);
  const bool has_data = first.kind == BodyStep::Kind::data;
  const bool last = is_end || (has_data && upstream_.body_is_complete());
  down_.passed(worker_.reactor.now(), first.bytes.size());
  exchange_.send_head(start, has_data ? first.bytes : std::string_view(), last);
  if (!last) return Move::some;
  exchange_.send_end(is_end ? first.bytes : std::string_view());
  return finish(RelayEnd::done);
}

Relay::Move Relay::pump_body(const BodyStep& step) {
  switch (step.kind) {
    case BodyStep::Kind::wait:
      return Move::none;
    case BodyStep::Kind::data:
      upstream_since_ = worker_.reactor.now();
      down_.passed(upstream_since_, step.bytes.size());
      exchange_.send_body(step.bytes);
      if (exchange_.is_blocked()) pace_.excuse(upstream_since_);
      return Move::some;
    case BodyStep::Kind::end:
      exchange_.send_end(step.bytes);
      return finish(RelayEnd::done);
    case BodyStep::Kind::failed:
      return fail(step.reason, step.detail);
  }
  return Move::none;
}

Relay::Move Relay::finish(RelayEnd end) {
  end_ = end;
  return Move::stop;
}

Relay::Move Relay::fail(Reason reason, std::string_view detail) {
  if (head_done_) {
    state_.reason = reason;
    state_.detail = detail;
    exchange_.abort();
  } else {
    answer_failure(exchange_, state_, reason, detail, !request_done_);
  }
  return finish(RelayEnd::failed);
}

}  // namespace ravelin::gateway
