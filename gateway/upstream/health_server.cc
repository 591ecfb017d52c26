#include "gateway/upstream/health_server.h"

#include "gateway/upstream/check_command.h"

#include <algorithm>

namespace ravelin::gateway {

using base::Duration;
using base::MonoTime;
using base::Task;
using namespace std::chrono_literals;

namespace {

constexpr int kAsConfigured = 100;  // percent of its weight, where nobody says anything else

}  // namespace

WatchedServer::WatchedServer(const Context& context, std::shared_ptr<Server> server,
                             ServerMetrics& metrics)
    : context_(context),
      server_(std::move(server)),
      metrics_(metrics),
      seen_weight_(server_->control().configured_weight),
      weight_(context_.reactor, server_, [this] { tell_workers(); }),
      ejection_end_(context_.reactor, [this] { end_ejection(); }),
      seed_(check_seed(server_->identity())) {
  server_->control().changed = base::wall_now();
}

void WatchedServer::use(const PoolRuntime& pool, std::size_t index) {
  const bool is_known = !pools_.empty() && pools_.back().lock() == pool.pool;
  if (is_known && tls_ == pool.tls[index]) return;  // its pool has not changed
  std::erase_if(pools_, [&](const auto& old) { return old.expired() || old.lock() == pool.pool; });
  pools_.push_back(pool.pool);
  pool_metrics_ = pool.metrics;
  tls_ = pool.tls[index];
  const PoolConfig& config = pool.pool->config();
  ejection_ = config.ejection;
  weight_header_ = config.weight_header;
  use_weight(config);
  use_checks(config.health);
  use_agent(config, config.servers[index].agent_port);
}

// A weight the configuration changed takes effect over one set by hand.
void WatchedServer::use_weight(const PoolConfig& pool) {
  Server::Control& control = server_->control();
  weight_.use(pool);
  if (std::exchange(seen_weight_, control.configured_weight) == control.configured_weight) return;
  if (!control.weight_override) return;
  control.weight_override.reset();
  changed({"server weight set", fmt::format("the configuration says {}", seen_weight_)});
}

void WatchedServer::use_agent(const PoolConfig& pool, std::uint16_t port) {
  if (!pool.agent) {
    if (agent_ != nullptr) weight_.set_reported(kAsConfigured);
    agent_.reset();
    limit_in_flight(std::nullopt);
    if (std::exchange(state_.agent, {}) != AgentState())
      changed({"server state", "it has no agent any more"});
    return;
  }
  if (port == 0) port = pool.agent->port;
  if (agent_ != nullptr && agent_->is_set_up(*pool.agent, port)) return;
  agent_ = std::make_unique<AgentWatch>(
      context_.reactor, context_.buffers, server_, AgentWatch::Setup{*pool.agent, port, seed_},
      [this](const base::Result<AgentReply>& reply) { agent_said(reply); });
}

void WatchedServer::agent_said(const base::Result<AgentReply>& reply) {
  if (!reply) {
    // What it said before holds on: an agent that is gone says nothing about its server.
    metrics_.agent_failed(context_.cells);
    if (!std::exchange(agent_answers_, false)) return;
    base::log_warn("health", "the agent of a server gives no good answer",
                   {{"pool", server_->pool()},
                    {"server", server_->name()},
                    {"reason", reply.error().message}});
    return;
  }
  if (!std::exchange(agent_answers_, true))
    base::log_info("health", "the agent of a server answers again",
                   {{"pool", server_->pool()}, {"server", server_->name()}});
  if (reply->weight_percent) weight_.set_reported(*reply->weight_percent);
  if (reply->connections_max) {
    const bool is_limit = *reply->connections_max != 0;
    limit_in_flight(is_limit ? reply->connections_max : std::nullopt);
  }
  const std::string_view before = verdict().state;
  if (!take_reply(state_.agent, *reply)) return;
  const Verdict now = verdict();
  if (now.state == before) return publish();
  if (now.is_usable()) server_->clear_failures();
  changed({fmt::format("server {}", now.state),
           now.is_usable() ? std::string("its agent says so") : now.reason,
           now.is_usable() ? Change::Weight::good_news : Change::Weight::bad_news});
}

// Who queues may have a place then.
void WatchedServer::limit_in_flight(std::optional<std::uint32_t> by_agent) {
  const std::uint32_t before = server_->in_flight_max();
  server_->override_in_flight_max(by_agent);
  if (server_->in_flight_max() != before) tell_workers();
}

void WatchedServer::use_checks(const std::optional<HealthConfig>& health) {
  const auto before = std::move(check_);
  if (!health) {
    checks_.reset();
    if (before != nullptr && agent_ == nullptr) weight_.set_reported(kAsConfigured);
    if (forget_checks(state_)) changed({"server up", "it is no longer checked"});
    return;
  }
  check_ = std::make_shared<const HealthConfig>(*health);
  if (server_->control().admin == AdminState::maint) return;
  const MonoTime first = context_.reactor.refresh_now() + first_check_delay(*check_, seed_);
  if (!checks_) {
    start_checks(first);
  } else if (before->interval != check_->interval) {
    start_checks(std::min(first, next_check_));
  }
}

void WatchedServer::start_checks(MonoTime first) {
  checks_.emplace(check_for_ever(first));
  checks_->await_suspend(std::noop_coroutine()).resume();
}

Task<void> WatchedServer::check_for_ever(MonoTime first) {
  next_check_ = first;
  for (;;) {
    Sleep until_due(context_.reactor, next_check_);
    co_await until_due;
    const MonoTime started = context_.reactor.refresh_now();
    if (state_.resolved) {
      Task<void> once = check_once();
      co_await once;
    }
    next_check_ = started + next_interval(*check_, state_, seed_, check_count_++);
  }
}

Task<CheckResult> WatchedServer::begin_check() const {
  if (check_->kind == HealthKind::command) {
    CommandTarget program{check_, server_->pool(), server_->name(),
                          base::to_string(server_->endpoint()), server_->addresses()};
    return run_command_check(std::move(program), context_.reactor);
  }
  CheckTarget target{check_,          server_->addresses(), tls_,
                     server_->name(), weight_header_,       server_->proxy_protocol().version};
  return run_check(std::move(target), context_.reactor, context_.buffers);
}

Task<void> WatchedServer::check_once() {
  const MonoTime started = context_.reactor.now();
  Task<CheckResult> check = begin_check();
  const CheckResult result = co_await check;
  checked(result, context_.reactor.refresh_now() - started);
}

void WatchedServer::checked(const CheckResult& result, Duration took) {
  if (result.is_void) {
    base::log_limited(
        context_.void_checks, base::LogLevel::error, "health", "a health check could not be made",
        {{"pool", server_->pool()}, {"server", server_->name()}, {"reason", result.detail}});
    return;
  }
  pool_metrics_->checked(context_.cells, std::chrono::duration_cast<microseconds>(took));
  if (!result.passed) metrics_.check_failed(context_.cells);
  if (result.weight_percent) weight_.set_reported(*result.weight_percent);
  switch (count_check(state_, *check_, result)) {
    case HealthChange::none:
      server_->control().reason = verdict().reason;
      break;
    case HealthChange::up:
      server_->clear_failures();
      // It may have been started anew, and who said 0 before may say nothing now.
      if (!result.weight_percent && agent_ == nullptr) weight_.set_reported(kAsConfigured);
      changed({"server up", fmt::format("{} checks in a row passed", check_->rise)});
      break;
    case HealthChange::down:
      changed({"server down",
               fmt::format("{} checks in a row failed, the last: {}", check_->fall, result.detail),
               Change::Weight::bad_news});
      break;
  }
}

bool WatchedServer::may_be_ejected() const {
  const std::shared_ptr<Pool> pool = pools_.back().lock();
  if (pool == nullptr) return false;
  std::vector<PoolMember> others;
  for (const auto& other : pool->servers()) {
    if (other == server_) continue;
    others.push_back({other->is_usable(), other->weight(), !other->addresses()->empty(),
                      other->control().ejected});
  }
  return may_eject(others, ejection_.max_percent);
}

void WatchedServer::eject(Reason reason) {
  server_->clear_failures();
  if (ejection_.consecutive_failures == 0) return;
  eject(fmt::format("{} failures in a row, the last: {}", ejection_.consecutive_failures,
                    describe(reason).token));
}

void WatchedServer::eject(const std::string& why) {
  // Late reports about requests of the time before it was taken out say nothing new.
  if (!verdict().is_usable()) return;
  const MonoTime now = context_.reactor.refresh_now();
  if (!may_be_ejected()) {
    if (now < spare_logged_until_) return;
    spare_logged_until_ = now + ejection_.max_time;
    base::log_warn("health", "server not ejected: too few others of its pool are usable",
                   {{"pool", server_->pool()}, {"server", server_->name()}, {"reason", why}});
    return;
  }
  begin_ejection(state_, ejection_, now, why);
  spare_logged_until_ = {};
  ejection_end_.set(state_.ejected_until);
  const auto out = std::chrono::duration_cast<milliseconds>(state_.ejected_until - now);
  changed(
      {"server ejected", fmt::format("{}; for {} ms", why, out.count()), Change::Weight::bad_news});
}

void WatchedServer::end_ejection() {
  gateway::end_ejection(state_, context_.reactor.refresh_now());
  server_->clear_failures();
  changed({"server back", "its ejection is over"});
}

void WatchedServer::set_admin(AdminState state) {
  AdminState& admin = server_->control().admin;
  if (admin == state) return;
  const AdminState before = std::exchange(admin, state);
  if (state == AdminState::maint) {
    checks_.reset();
    state_.against = 0;
  } else if (before == AdminState::maint && check_ != nullptr) {
    start_checks(context_.reactor.refresh_now());
  }
  changed({fmt::format("server {}", to_string(state)), "ordered by the operator"});
}

void WatchedServer::set_weight(std::optional<std::uint32_t> weight) {
  Server::Control& control = server_->control();
  if (control.weight_override == weight) return;
  control.weight_override = weight;
  changed({"server weight set",
           weight ? fmt::format("the operator says {}", *weight)
                  : fmt::format("the configured {} again", control.configured_weight)});
}

void WatchedServer::set_addresses(const AddressList& addresses) {
  const bool is_resolved = !addresses.empty();
  if (is_resolved) server_->set_addresses(addresses);
  context_.standing_changed();
  if (std::exchange(state_.resolved, is_resolved) == is_resolved) return;
  // The watch over names logs this, once for all servers of a name.
  publish();
  if (is_resolved && checks_) start_checks(context_.reactor.refresh_now());
}

Verdict WatchedServer::verdict() const {
  return judge(state_, server_->control().admin);
}

void WatchedServer::publish() {
  context_.standing_changed();
  Server::Control& control = server_->control();
  control.healthy = state_.passing && state_.resolved && !state_.agent.is_down;
  control.agent_order = state_.agent.ordered();
  control.ejected = state_.ejected;
  control.ejections = state_.ejections;
  control.reason = verdict().reason;
  control.changed = base::wall_now();
  if (server_->publish() && server_->is_usable()) weight_.became_usable();
  tell_workers();
}

void WatchedServer::tell_workers() {
  for (const auto& pool : pools_) {
    if (const auto alive = pool.lock()) alive->servers_changed();
  }
}

void WatchedServer::changed(const Change& change) {
  publish();
  const bool is_bad = change.weight == Change::Weight::bad_news;
  base::log(is_bad ? base::LogLevel::warn : base::LogLevel::info, "health", change.message,
            {{"pool", server_->pool()}, {"server", server_->name()}, {"reason", change.reason}});
}

}  // namespace ravelin::gateway
