#include "gateway/runtime/acceptor.h"

#include "base/io/log.h"
#include "gateway/net/listener.h"
#include "gateway/net/pause.h"
#include "gateway/net/proxy_sources.h"
#include "gateway/net/stream_options.h"

#include <algorithm>
#include <cerrno>

namespace ravelin::gateway {

using namespace std::chrono_literals;

namespace {

constexpr int kAcceptsBeforeYield = 32;
constexpr base::Duration kOutOfDescriptorsPause = 100ms;

base::LogRate descriptor_log_rate(1);
base::LogRate limit_log_rate(1);

}  // namespace

struct Acceptor::State {
  State(WorkerContext& context, Address address, TlsSource source)
      : worker(context),
        key(std::move(address.key)),
        port(address.port),
        listener(std::move(address.listener)),
        socket(context.reactor, address.fd.release()),
        is_passed(address.is_passed),
        tls(std::move(source)) {
    // Those are one socket for all workers; else each has its own.
    if (is_passed || port == 0) socket.wake_one();
  }

  WorkerContext& worker;
  std::string key;
  std::uint16_t port;
  std::shared_ptr<ListenerShared> listener;
  Socket socket;
  bool is_passed;
  TlsSource tls;
  // The listener's, as of one generation.
  std::uint64_t sources_of = 0;
  std::vector<ProxySource> proxy_sources;
  base::MonoTime close_at = kNever;
  bool closing = false;
  Waiter* waiting = nullptr;
};

Acceptor::Acceptor(WorkerContext& worker, Address address, TlsSource tls)
    : state_(std::make_shared<State>(worker, std::move(address), std::move(tls))) {}

base::MonoTime Acceptor::close_at() const {
  return state_->close_at;
}

bool Acceptor::is_given_up() const {
  return !state_->is_passed && gateway::is_given_up(state_->socket.fd());
}

bool Acceptor::has_handshakes(const std::set<std::uint16_t>& half_open) const {
  return !state_->is_passed && half_open.contains(state_->port);
}

bool Acceptor::serves(const std::string& key) const {
  return state_->close_at == kNever && state_->key == key;
}

void Acceptor::assign(std::shared_ptr<ListenerShared> listener) {
  state_->listener = std::move(listener);
  state_->sources_of = 0;
}

void Acceptor::start() {
  state_->worker.tasks.spawn(run(state_));
}

void Acceptor::stop_new(base::MonoTime close_at) {
  state_->close_at = std::min(state_->close_at, close_at);
  if (state_->is_passed) {  // a filter would stay on it, for whoever takes it next
    end_accepting();
    return;
  }
  // Where a supervisor keeps the socket, it has done so with more right.
  if (state_->port != 0) static_cast<void>(drop_new_handshakes(state_->socket.fd()));
}

void Acceptor::close() {
  while (!state_->is_passed && accept_some(*state_)) {
  }
  end_accepting();
}

void Acceptor::end_accepting() {
  state_->closing = true;
  if (state_->waiting != nullptr) state_->waiting->fire(Wake::aborted);
}

base::Task<void> Acceptor::run(std::shared_ptr<State> state) {
  while (!state->closing) {
    if (accept_some(*state)) {
      co_await state->worker.reactor.yield();
      continue;
    }
    if (state->closing) break;
    if (state->socket.may_be_readable()) {
      // Out of descriptors: waiting costs the clients less than spinning costs everyone.
      Pause pause(state->worker.reactor, kOutOfDescriptorsPause);
      state->waiting = &pause;
      co_await pause;
    } else {
      Socket::Awaiter wait = state->socket.readable(kNever);
      state->waiting = &wait;
      co_await wait;
    }
    state->waiting = nullptr;
  }
  state->socket.close();
}

// True when there may be more at once.
bool Acceptor::accept_some(State& state) {
  for (int i = 0; i < kAcceptsBeforeYield; ++i) {
    Accepted accepted = accept_one(state.socket.fd());
    if (accepted.fd.is_open()) {
      admit(state, std::move(accepted));
      continue;
    }
    if (accepted.error == EINTR || accepted.error == ECONNABORTED || accepted.error == EPROTO)
      continue;
    if (is_exhaustion(accepted.error)) {
      base::log_limited(descriptor_log_rate, base::LogLevel::error, "listener",
                        "out of descriptors: accepting pauses; raise LimitNOFILE",
                        {{"listener", state.listener->name}, {"errno", accepted.error}});
      state.socket.set_ready(true);
      return false;
    }
    state.socket.set_ready(false);
    return false;
  }
  return true;
}

// A listener that has left the configuration keeps what it had.
const std::vector<ProxySource>& Acceptor::proxy_sources(State& state) {
  const Snapshot& snapshot = *state.worker.current->snapshot;
  if (state.sources_of == snapshot.generation) return state.proxy_sources;
  state.sources_of = snapshot.generation;
  const ListenerRuntime* listener = snapshot.find_listener(state.listener->name);
  if (listener == nullptr) return state.proxy_sources;
  const auto& configured = listener->config->proxy_protocol;
  state.proxy_sources = configured ? configured->from : std::vector<ProxySource>();
  return state.proxy_sources;
}

// Why a connection is not served; none: it is, and the gate has counted it. A proxy's connection is
// its client's, whom the PROXY header names later.
Reason Acceptor::refusal(const State& state, const base::IpAddress& peer, Peer kind) {
  const WorkerContext& worker = state.worker;
  const AbuseTable* abuse = worker.current->snapshot->abuse.get();
  if (kind == Peer::client && abuse != nullptr && abuse->is_banned(peer, worker.reactor.now()))
    return Reason::banned;
  if (worker.load.is_overloaded(OverloadAction::refuse_connections)) return Reason::overload;
  ConnectionGate& gate = state.listener->gate;
  switch (kind == Peer::proxy ? gate.enter_unnamed() : gate.enter(peer)) {
    case ConnectionGate::Entry::admitted:
      return Reason::none;
    case ConnectionGate::Entry::listener_full:
      return Reason::connection_limit;
    case ConnectionGate::Entry::client_full:
      break;
  }
  return Reason::client_connection_limit;
}

void Acceptor::admit(State& state, Accepted accepted) {
  WorkerContext& worker = state.worker;
  const std::vector<ProxySource>& sources = proxy_sources(state);
  const base::IpAddress* peer = state.port == 0 ? nullptr : &accepted.peer.address;
  const bool is_proxied = !sources.empty() && is_proxy_source(sources, peer);
  const Reason reason =
      refusal(state, accepted.peer.address, is_proxied ? Peer::proxy : Peer::client);
  if (reason != Reason::none) {
    const ListenerRuntime* listener = worker.current->snapshot->find_listener(state.listener->name);
    if (listener != nullptr) listener->metrics->connection_rejected(worker.cells, reason);
    base::log_limited(limit_log_rate, base::LogLevel::warn, "listener", "connection refused",
                      {{"listener", state.listener->name},
                       {"client", base::to_string(accepted.peer.address)},
                       {"reason", describe(reason).token}});
    return;
  }
  worker.tasks.spawn(Connection::serve(std::make_unique<Connection>(
      worker, AcceptedConnection{accepted.fd.release(), accepted.peer, is_proxied, state.port,
                                 state.listener, state.tls(state.listener->name)})));
}

}  // namespace ravelin::gateway
