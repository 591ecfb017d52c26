#include "gateway/upstream/agent_watch.h"

#include "gateway/upstream/health_alarm.h"
#include "gateway/upstream/health_state.h"

namespace ravelin::gateway {

using base::MonoTime;
using base::Result;
using base::Task;

AgentWatch::AgentWatch(Reactor& reactor, BufferPool& buffers, std::shared_ptr<Server> server,
                       Setup setup, Said said)
    : reactor_(reactor),
      buffers_(buffers),
      server_(std::move(server)),
      setup_(std::move(setup)),
      said_(std::move(said)) {
  questions_.emplace(ask_for_ever());
  questions_->await_suspend(std::noop_coroutine()).resume();
}

bool AgentWatch::is_set_up(const AgentConfig& config, std::uint16_t port) const {
  const AgentConfig& own = setup_.config;
  return own.send == config.send && own.interval == config.interval &&
         own.timeout == config.timeout && setup_.port == port;
}

Task<void> AgentWatch::ask_for_ever() {
  HealthConfig pace;  // agents are asked as servers are checked
  pace.interval = setup_.config.interval;
  MonoTime next = reactor_.refresh_now() + first_check_delay(pace, setup_.seed);
  for (std::uint64_t count = 0;; ++count) {
    Sleep until_due(reactor_, next);
    co_await until_due;
    const MonoTime started = reactor_.refresh_now();
    AgentTarget target{agent_addresses(*server_->addresses(), setup_.port), setup_.config.send,
                       setup_.config.timeout};
    if (!target.addresses->empty()) {
      Task<Result<AgentReply>> question = ask_agent(std::move(target), reactor_, buffers_);
      const Result<AgentReply> reply = co_await question;
      said_(reply);
    }
    next = started + jittered_interval(pace, setup_.seed, count);
  }
}

}  // namespace ravelin::gateway
