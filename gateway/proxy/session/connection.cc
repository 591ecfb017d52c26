#include "gateway/proxy/session/connection.h"

#include "base/io/log.h"
#include "gateway/http1/head_scanner.h"
#include "gateway/http1/serialise.h"
#include "gateway/net/listener.h"
#include "gateway/proxy/own_answers.h"
#include "gateway/proxy/session/http1_exchange.h"
#include "gateway/proxy/session/pace.h"
#include "gateway/tls/client_auth.h"
#include "gateway/tls/handshake_failure.h"
#include "gateway/tls/handshake_watch.h"

#include <algorithm>
#include <utility>

namespace ravelin::gateway {

using base::MonoTime;
using base::Task;
using namespace std::chrono_literals;

namespace {

// A flood of failing handshakes must not become a flood of log lines: the metric counts them all.
base::LogRate handshake_log_rate(50);
base::LogRate proxy_header_log_rate(10);

// Makes `in` writable, in the next larger block if need be; false when there is none.
bool make_room(Buffer& in) {
  in.compact();
  if (!in.writable().empty()) return true;
  if (in.block_size() == BlockSize::bulk) return false;
  in.grow(in.block_size() == BlockSize::small ? BlockSize::large : BlockSize::bulk);
  return true;
}

constexpr std::string_view kPlainHttpAnswer =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 61\r\n"
    "Connection: close\r\n\r\nThis port speaks HTTPS. Use https:// instead of http:// here\n";
static_assert(kPlainHttpAnswer.size() - kPlainHttpAnswer.find("\r\n\r\n") - 4 == 61);

TlsVersion version_of(const SSL* ssl) {
  switch (SSL_version(ssl)) {
    case TLS1_2_VERSION:
      return TlsVersion::tls12;
    case TLS1_3_VERSION:
      return TlsVersion::tls13;
    default:
      return TlsVersion::none;
  }
}

// Of a response that waits for its client.
Reason overdue(Pace& pace, MonoTime now, MonoTime until) {
  if (now >= until) return Reason::request_timeout;
  return pace.check(now) == Pace::Verdict::fine ? Reason::none : Reason::write_timeout;
}

}  // namespace

Connection::Connection(WorkerContext& worker, AcceptedConnection accepted)
    : worker_(worker),
      listener_(std::move(accepted.listener)),
      peer_(accepted.peer),
      stream_(worker.reactor, worker.buffers, accepted.fd),
      in_(worker.buffers),
      pending_tls_(std::move(accepted.tls)),
      port_(accepted.port),
      came_over_unix_socket_(accepted.port == 0),
      awaits_proxy_header_(accepted.is_proxied),
      is_counted_for_client_(!accepted.is_proxied) {
  place_ = worker_.connections.insert(worker_.connections.end(), this);
  worker_.open_connections.store(worker_.connections.size(), std::memory_order_release);
}

Connection::~Connection() {
  worker_.connections.erase(place_);
  worker_.open_connections.store(worker_.connections.size(), std::memory_order_release);
  if (is_counted_for_client_) {
    listener_->gate.leave(peer_.address);
  } else {
    listener_->gate.leave_unnamed();
  }
}

std::string_view Connection::client_text() {
  if (client_text_size_ == 0) {
    client_text_size_ = static_cast<std::uint8_t>(base::format_to(peer_.address, client_text_));
  }
  return {client_text_.data(), client_text_size_};
}

void Connection::drain() {
  draining_ = true;
  if (idle_ != nullptr && must_end()) idle_->fire(Wake::aborted);
}

const ListenerRuntime& Connection::listener_now() {
  if (pinned_ == worker_.current) return *runtime_;
  const ListenerRuntime* found = worker_.current->snapshot->find_listener(listener_->name);
  if (found != nullptr) {
    pinned_ = worker_.current;
    runtime_ = found;
  } else if (pinned_ == nullptr) {
    pinned_ = worker_.left.at(listener_->name);
    runtime_ = pinned_->snapshot->find_listener(listener_->name);
  }
  CHECK(runtime_ != nullptr);
  return *runtime_;
}

const ListenerRuntime* Connection::listener_in_force() const {
  if (pinned_ == worker_.current) return runtime_;
  return worker_.current->snapshot->find_listener(listener_->name);
}

bool Connection::is_of_policy_in_force() const {
  const ListenerRuntime* listener = listener_in_force();
  if (listener == nullptr) return true;
  const TlsContext* asked = listener->tls_context.get();
  if (asked == nullptr || tls_context_ == nullptr) return asked == tls_context_.get();
  return asked == tls_context_.get() || asked->policy_hash() == tls_context_->policy_hash();
}

Task<void> Connection::serve(std::unique_ptr<Connection> self) {
  Connection& connection = *self;
  // Accepted long after its listener went: there is no generation to serve it from.
  const std::string& name = connection.listener_->name;
  const WorkerContext& worker = connection.worker_;
  if (worker.current->snapshot->find_listener(name) == nullptr && !worker.left.contains(name))
    co_return;
  ListenerMetrics& metrics = *connection.listener_now().metrics;
  metrics.connection_opened(connection.worker_.cells);
  bool ready = true;
  if (connection.awaits_proxy_header_) ready = co_await connection.take_proxy_header();
  if (ready && connection.pending_tls_ != nullptr)
    ready = co_await connection.handshake(std::move(connection.pending_tls_));
  if (ready) co_await connection.serve_requests();
  metrics.connection_closed(connection.worker_.cells);
}

Task<bool> Connection::take_proxy_header() {
  const ListenerRuntime& listener = listener_now();  // pinned: not let go of before this ends
  const MonoTime deadline = worker_.reactor.now() + listener.config->timeouts.handshake;
  const ProxyHeaderRead read =
      co_await read_proxy_header(stream_.socket(), worker_.buffers, deadline);
  if (read.end != ProxyHeaderRead::End::done) {
    refuse_proxy_header(listener, read);
    co_return false;
  }
  if (read.header.source) {
    proxied_ = std::make_unique<const Proxied>(
        Proxied{peer_, base::to_string(peer_.address), read.header.destination});
    peer_ = *read.header.source;
    if (read.header.destination) port_ = read.header.destination->port;
  }
  const AbuseTable* abuse = pinned_->snapshot->abuse.get();
  if (abuse != nullptr && abuse->is_banned(peer_.address, worker_.reactor.now())) {
    listener.metrics->connection_rejected(worker_.cells, Reason::banned);
    co_return false;
  }
  is_counted_for_client_ = listener_->gate.name(peer_.address) == ConnectionGate::Entry::admitted;
  if (!is_counted_for_client_)
    listener.metrics->connection_rejected(worker_.cells, Reason::client_connection_limit);
  co_return is_counted_for_client_;
}

void Connection::refuse_proxy_header(const ListenerRuntime& listener, const ProxyHeaderRead& read) {
  // A balancer that looks whether the port is open says nothing.
  if (read.end == ProxyHeaderRead::End::closed && read.detail.empty()) return;
  const bool is_late = read.end == ProxyHeaderRead::End::timed_out;
  const Reason reason = is_late ? Reason::proxy_header_timeout : Reason::bad_proxy_header;
  listener.metrics->error(worker_.cells, reason);
  base::log_limited(proxy_header_log_rate, base::LogLevel::warn, "listener",
                    "PROXY protocol header refused",
                    {{"listener", listener_->name},
                     {"peer", came_over_unix_socket_ ? std::string_view("unix") : client_text()},
                     {"reason", describe(reason).token},
                     {"detail", is_late ? "no header within the time limit" : read.detail}});
}

std::optional<base::IpAddress> Connection::local_address() {
  if (proxied_ != nullptr && proxied_->destination) return proxied_->destination->address;
  if (came_over_unix_socket_) return std::nullopt;
  const auto local = local_endpoint(stream_.socket().fd());
  const auto* endpoint = local ? std::get_if<base::IpEndpoint>(&*local) : nullptr;
  return endpoint == nullptr ? std::nullopt : std::optional(endpoint->address);
}

Task<bool> Connection::handshake(std::shared_ptr<const ListenerTls> tls) {
  const ListenerRuntime* listener = &listener_now();  // pinned: not let go of before this ends
  HandshakeInfo info;
  info.tls = std::move(tls);
  info.client = peer_.address;
  info.local = local_address();
  SslPtr ssl = new_server_ssl(info);
  if (ssl == nullptr) co_return false;
  tls_context_ = info.tls->context;
  stream_.start_tls(std::move(ssl));
  const MonoTime began = worker_.reactor.now();
  const MonoTime deadline = began + listener->config->timeouts.handshake;
  if (note_handshake_begun()) {
    listener->metrics->error(worker_.cells, Reason::too_many_handshakes);
    co_return false;
  }
  const HandshakeEnd end = co_await stream_.handshake(deadline);
  if (end == HandshakeEnd::done) {
    handshake_time_ = base::elapsed(began, worker_.reactor.refresh_now());
    sni_ = info.sni;
    if (auto subject = verified_subject(stream_.ssl()); !subject.empty())
      identity_ = std::make_unique<const Identity>(
          Identity{std::move(subject), verified_fingerprint(stream_.ssl())});
    end_handshake(stream_.ssl());
    const Resumed resumed = SSL_session_reused(stream_.ssl()) != 0 ? Resumed::yes : Resumed::no;
    listener->metrics->handshake_done(worker_.cells, version_of(stream_.ssl()), resumed,
                                      Reason::none, handshake_time_);
    if (info.tls->watch != nullptr && resumed == Resumed::no)
      info.tls->watch->accepted(peer_.address, info.pairs.source);
    note_straddled(*info.tls, Reason::none);
    co_return !info.is_challenge;
  }
  const Reason reason = refuse_handshake(info, end);
  listener->metrics->handshake_done(worker_.cells, TlsVersion::none, Resumed::no, reason, 0us);
  listener->metrics->error(worker_.cells, reason);
  note_straddled(*info.tls, reason);
  note(reason, peer_.address, {});
  end_handshake(stream_.ssl());
  if (reason == Reason::plain_http_on_tls) {
    static_cast<void>(stream_.socket().send(kPlainHttpAnswer));
    stream_.socket().shutdown_write();
    co_await linger();
  }
  co_return false;
}

void Connection::note_straddled(const ListenerTls& tls, Reason result) {
  // While a worker starts, nothing has been replaced yet.
  const bool is_starting = worker_.store_revision == 0;
  if (is_starting || tls.store_revision == 0 || tls.store_revision == worker_.store_revision)
    return;
  listener_now().metrics->handshake_straddled(worker_.cells, result);
}

Reason Connection::refuse_handshake(const HandshakeInfo& info, HandshakeEnd end) {
  HandshakeFailure failure;
  if (end == HandshakeEnd::timed_out) {
    failure = {Reason::handshake_timeout, "no handshake within the time limit"};
  } else if (end == HandshakeEnd::key_late) {
    failure = {Reason::handshake_key_unavailable, "the certificate's key did not sign in time"};
  } else {
    failure = explain_handshake_failure(stream_.ssl(), info, stream_.last_ssl_error(),
                                        stream_.socket().last_error());
  }
  if (failure.refuses_certificate && info.tls->watch != nullptr)
    info.tls->watch->refused(peer_.address, info.pairs.source);
  base::log_limited(handshake_log_rate, base::LogLevel::info, "tls", "handshake failed",
                    {{"listener", listener_->name},
                     {"client", client_text()},
                     {"sni", info.sni},
                     {"reason", describe(failure.reason).token},
                     {"detail", failure.detail}});
  return failure.reason;
}

Task<void> Connection::serve_requests() {
  for (;;) {
    if (in_.empty()) {
      const bool more = co_await wait_for_request();
      if (!more) break;
    }
    const bool again = co_await serve_one();
    if (!again) break;
  }
  if (is_cut_) {
    stream_.socket().set_reset_on_close();
    co_return;
  }
  // A peer that said goodbye between two requests waits for nothing more.
  if (!peer_closed_) stream_.finish_output();
  if (lingers_ && !stream_.is_broken()) co_await linger();
}

Task<bool> Connection::wait_for_request() {
  in_.release();
  const ListenerTimeouts timeouts = listener_now().config->timeouts;
  const MonoTime idle_until =
      worker_.reactor.now() + (requests_ == 0 ? timeouts.header : timeouts.idle);
  if (requests_ != 0 && stream_.is_drained() && !must_end()) stream_.socket().assume_drained();
  const bool is_assumed = !stream_.socket().may_be_readable();
  MonoTime look_at = is_assumed ? worker_.reactor.now() + kDrainedProbe : idle_until;
  for (;;) {
    if (stream_.may_be_readable()) {
      in_.acquire(BlockSize::small);
      const IoResult result = stream_.read(in_.writable());
      in_.commit(result.bytes);
      if (result.status == IoStatus::ok) co_return true;
      in_.release();
      peer_closed_ = result.status == IoStatus::closed;
      if (result.status != IoStatus::would_block) co_return false;
    }
    if (must_end()) co_return false;
    stream_.release_output();  // a session ticket that waited in vain for a response to go with
    Socket::Awaiter wait = stream_.socket().readable(std::min(look_at, idle_until));
    idle_ = &wait;
    const Wake wake = co_await wait;
    idle_ = nullptr;
    if (wake == Wake::deadline && worker_.reactor.now() >= idle_until) {
      const Reason late = requests_ == 0 ? Reason::header_timeout : Reason::idle_timeout;
      listener_now().metrics->error(worker_.cells, late);
      Glitch what = glitch(late, peer_.address, {});
      what.came = Came::nothing;
      note(what);
      co_return false;
    }
    look_at = idle_until;
    // Look once more: an end that came with the last bytes made no new edge, and a request that has
    // already arrived is served even if the connection is to end.
    stream_.socket().set_ready(true);
  }
}

Task<bool> Connection::serve_one() {
  RequestState state(worker_);
  const ListenerRuntime* listener = &listener_now();
  state.snapshot = pinned_;
  state.hsts = listener->hsts;
  ++requests_;
  state.id = worker_.request_ids.next();
  http1::ParseResult why;
  const HeadEnd end = co_await read_head(*listener, state, why);
  if (end == HeadEnd::gone) co_return false;
  if (end == HeadEnd::refused) {
    answer_bad_head(*listener, state, why);
    co_return false;
  }
  listener->metrics->request_started(worker_.cells);
  const bool again = co_await exchange(*listener, state);
  listener->metrics->request_ended(worker_.cells);
  co_return again;
}

Task<Connection::HeadEnd> Connection::read_head(const ListenerRuntime& listener,
                                                RequestState& state, http1::ParseResult& why) {
  const HttpLimits& configured = listener.config->limits;
  const http1::HeadLimits limits{.line_bytes_max = configured.request_line_bytes_max,
                                 .header_bytes_max = configured.header_bytes_max,
                                 .field_count_max = configured.header_count_max};
  const MonoTime deadline = state.began + listener.config->timeouts.header;
  http1::HeadScan scan;
  for (;;) {
    switch (http1::scan_head(scan, in_.readable(), http1::HeadKind::request, limits, why)) {
      case http1::ScanStatus::bad:
        worker_.request_head.clear();  // it holds another connection's request
        co_return HeadEnd::refused;
      case http1::ScanStatus::complete:
        why = http1::parse_request_head(scan.head(in_.readable()), limits, worker_.request_head);
        if (!why.ok()) co_return HeadEnd::refused;
        in_.consume(scan.end);
        co_return HeadEnd::complete;
      case http1::ScanStatus::need_more:
        break;
    }
    if (in_.writable().empty() && !make_room(in_)) {
      worker_.request_head.clear();
      why = {Reason::header_too_large, "head is larger than any block"};
      co_return HeadEnd::refused;
    }
    const IoResult result = stream_.read(in_.writable());
    in_.commit(result.bytes);
    if (result.status == IoStatus::ok) continue;
    if (result.status != IoStatus::would_block) {
      listener.metrics->error(worker_.cells, Reason::client_closed);
      note(Reason::client_closed, peer_.address, {});
      co_return HeadEnd::gone;
    }
    const Wake wake = co_await stream_.socket().readable(deadline);
    if (wake != Wake::ready) {
      worker_.request_head.clear();
      why = {Reason::header_timeout, "the request head was not complete in time"};
      co_return HeadEnd::refused;
    }
  }
}

// Null where the listener, as it is configured now, sends none on.
const ClientCertificateFields* Connection::client_certificate(const ListenerRuntime& listener) {
  const ClientCertForward forward = listener.config->tls->client_auth.forward;
  if (forward == ClientCertForward::none || stream_.ssl() == nullptr) return nullptr;
  if (client_certificate_ == nullptr || forwards_certificate_ != forward) {
    client_certificate_ = std::make_unique<const ClientCertificateFields>(
        client_certificate_fields(stream_.ssl(), forward));
    forwards_certificate_ = forward;
  }
  return client_certificate_.get();
}

ClientInfo Connection::client_info(const ListenerRuntime& listener) {
  ClientInfo info;
  info.listener = &listener;
  info.ip = peer_.address;
  if (identity_ != nullptr) info.fingerprint = identity_->fingerprint;
  info.address = client_text();
  info.port = peer_.port;
  if (proxied_ != nullptr) {
    info.peer = proxied_->peer_text;
    info.peer_port = proxied_->peer.port;
    if (proxied_->destination) info.destination = &*proxied_->destination;
  }
  if (proxied_ != nullptr || !came_over_unix_socket_) info.endpoint = &peer_;
  info.stream = &stream_;
  if (listener.config->tls) info.certificate = client_certificate(listener);
  info.is_ipv6 = peer_.address.family == base::Family::ipv6;
  info.is_tls = stream_.ssl() != nullptr;
  info.listener_port = port_;
  for (const base::IpPrefix& prefix : listener.config->forwarded.trusted) {
    info.is_trusted = info.is_trusted || prefix.contains(peer_.address);
  }
  const std::uint32_t requests_max = listener.config->limits.requests_per_connection_max;
  info.must_close = draining_ || listener_in_force() == nullptr ||
                    worker_.load.draining.load(std::memory_order_relaxed) ||
                    worker_.load.is_overloaded(OverloadAction::stop_keep_alive) ||
                    (requests_max != 0 && requests_ >= requests_max);
  info.sni = sni_;
  if (info.is_tls && (worker_.access_log.is_enabled() || listener.asks_tls)) {
    info.tls_version = version_of(stream_.ssl()) == TlsVersion::tls13 ? "1.3" : "1.2";
    info.tls_cipher = SSL_get_cipher_name(stream_.ssl());
    info.tls_resumed = SSL_session_reused(stream_.ssl()) != 0;
    if (identity_ != nullptr) info.subject = identity_->subject;
    if (requests_ == 1) info.handshake = handshake_time_;
  }
  return info;
}

Task<bool> Connection::exchange(const ListenerRuntime& listener, RequestState& state) {
  const ClientInfo client = client_info(listener);
  Http1Exchange http(worker_, stream_, in_, worker_.request_head, listener.config->limits);
  state.client = &client;
  const AbuseTable* abuse = state.snapshot->snapshot->abuse.get();
  const bool is_banned = abuse != nullptr && turn_away_banned(*abuse, http, client, state, worker_);
  if (!is_banned && !is_of_policy_in_force()) {
    // What is served here now is for connections that were asked for more, or for something else.
    note_request(http.request(), state);
    answer_failure(http, state, Reason::misdirected, "the listener has another TLS policy now",
                   true);
  } else if (!is_banned) {
    co_await serve_request(http, client, state, worker_);
  }
  if (http.head_refused()) {
    state.status = 500;
    state.reason = Reason::internal;
    state.detail = "the head of the response is too large to send";
  }
  stream_.release_output();
  // Who has not taken it in time has no second time for the rest.
  is_cut_ = http.is_cut() || state.reason == Reason::write_timeout;
  if (!is_cut_ && stream_.is_blocked()) co_await send_rest(listener, state);
  report_request(http, client, state, http.body_bytes_in(), http.body_bytes_out(), worker_);
  lingers_ = !http.may_continue();
  if (note_response(state) || is_cut_) co_return false;
  http.hand_back_leftover();
  co_return http.may_continue() && !stream_.is_broken();
}

Task<void> Connection::send_rest(const ListenerRuntime& listener, RequestState& state) {
  const ListenerTimeouts& timeouts = listener.config->timeouts;
  const bool is_routed = state.route != nullptr;
  Pace pace(worker_.reactor.refresh_now(), is_routed ? state.route->body_idle : timeouts.body_idle,
            is_routed ? state.route->min_rate_bytes_per_s : timeouts.min_rate_bytes_per_s);
  // A tunnel, and what answers for a failure, may well come after that time.
  const bool is_timed = is_routed && state.reason == Reason::none && state.status != 101;
  const MonoTime until = is_timed ? deadline_of(state) : kNever;
  Reason late = Reason::none;
  // What the kernel holds has not left yet: it takes more only after a third of that has.
  std::size_t left = stream_.unsent_bytes();
  while (stream_.is_blocked() && late == Reason::none) {
    const MonoTime look_at = std::min(until, pace.next_check());
    co_await stream_.socket().writable(look_at);
    const MonoTime now = worker_.reactor.refresh_now();
    stream_.release_output();
    const std::size_t before = std::exchange(left, stream_.unsent_bytes());
    if (left < before) pace.progressed(now, before - left);
    if (!stream_.is_blocked()) break;
    late = worker_.stopping ? Reason::draining : overdue(pace, now, until);
  }
  is_cut_ = late != Reason::none;
  if (stream_.is_broken()) late = Reason::client_closed;
  if (state.reason == Reason::none) {
    state.reason = late;
  } else if (late != Reason::none) {
    listener.metrics->error(worker_.cells, late);
    note(late, state.client_ip, state.id_text());
  }
}

Glitch Connection::glitch(Reason reason, const base::IpAddress& client,
                          std::string_view request_id) const {
  const bool is_direct = proxied_ == nullptr && client == peer_.address;
  return {client, is_direct ? ClientPath::direct : ClientPath::proxied, reason, *runtime_,
          request_id};
}

bool Connection::note(Reason reason, const base::IpAddress& client, std::string_view request_id) {
  return note(glitch(reason, client, request_id));
}

bool Connection::note(const Glitch& what) {
  const std::shared_ptr<AbuseTable>& abuse = pinned_->snapshot->abuse;
  if (abuse == nullptr || what.reason == Reason::none) return false;
  return note_glitch(*abuse, what, worker_);
}

bool Connection::note_handshake_begun() {
  const std::shared_ptr<AbuseTable>& abuse = pinned_->snapshot->abuse;
  if (abuse == nullptr || !abuse->counts(AbuseEvent::handshake)) return false;
  return note_handshake(*abuse, glitch(Reason::none, peer_.address, {}), worker_);
}

bool Connection::note_response(const RequestState& state) {
  const std::shared_ptr<AbuseTable>& abuse = pinned_->snapshot->abuse;
  if (abuse == nullptr) return false;
  // What the banned are told is no new offence.
  const bool counts = abuse->counts(AbuseEvent::status) && state.reason != Reason::banned &&
                      state.reason != Reason::trapped_path;
  const Glitch what = glitch(state.reason, state.client_ip, state.id_text());
  if (counts && note_status(*abuse, what, state.status, worker_)) return true;
  return state.reason != Reason::none && note_glitch(*abuse, what, worker_);
}

void Connection::cut() {
  stream_.socket().set_reset_on_close();
  stream_.socket().shutdown();
}

void Connection::answer_bad_head(const ListenerRuntime& listener, RequestState& state,
                                 const http1::ParseResult& why) {
  // Nothing of the head can be trusted but its bytes: the answer closes the connection.
  http1::RequestHead& head = worker_.request_head;
  state.method = head.method_text;
  state.target = head.target;
  head.framing = http1::Framing::none;
  head.keep_alive = false;
  head.minor_version = 1;
  const ClientInfo client = client_info(listener);
  state.client = &client;
  Http1Exchange http(worker_, stream_, in_, head, listener.config->limits);
  answer_failure(http, state, why.reason, why.detail, true);
  report_request(http, client, state, 0, http.body_bytes_out(), worker_);
  note(why.reason, peer_.address, text_of(state.id));
  lingers_ = true;
}

namespace {

// Reads what is there and drops it: `ok` when there may be more than one turn may take.
IoResult drop_input(Socket& socket) {
  constexpr int kReadsMax = 16;
  std::array<char, 16 * 1024> dropped;
  IoResult all{IoStatus::ok, 0};
  for (int i = 0; i < kReadsMax && all.status == IoStatus::ok; ++i) {
    const IoResult result = socket.receive(dropped);
    all = {result.status, all.bytes + result.bytes};
  }
  return all;
}

}  // namespace

Task<void> Connection::linger() {
  constexpr std::uint64_t kBytesMax = 64 * 1024 * 1024;
  const MonoTime until = worker_.reactor.now() + 10s;
  for (std::uint64_t total = 0; total < kBytesMax && worker_.reactor.refresh_now() < until;) {
    const IoResult dropped = drop_input(stream_.socket());
    total += dropped.bytes;
    if (dropped.status == IoStatus::ok) {
      co_await worker_.reactor.yield();
      continue;
    }
    if (dropped.status != IoStatus::would_block) co_return;
    const MonoTime pause = worker_.reactor.now() + 2s;
    const Wake wake = co_await stream_.socket().readable(std::min(pause, until));
    if (wake != Wake::ready) co_return;
  }
}

}  // namespace ravelin::gateway
