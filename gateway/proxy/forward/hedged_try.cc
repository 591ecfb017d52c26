#include "gateway/proxy/forward/hedged_try.h"

#include "gateway/proxy/own_answers.h"

#include <algorithm>

namespace ravelin::gateway {

using base::MonoTime;
using base::Task;

// Suspends until one of the tries has ended or the client may have gone, or until `deadline`.
class HedgedTry::Wait : public CoroutineWaiter {
 public:
  Wait(HedgedTry& race, MonoTime deadline) : race_(race), deadline_(deadline) {}

  [[nodiscard]] bool await_ready() const { return false; }

  void await_suspend(std::coroutine_handle<> handle) {
    handle_ = handle;
    if (deadline_ != kNever) race_.plan_.worker.reactor.timers().arm(*this, deadline_);
    for (SideTask* task : {&race_.first_task_, &race_.second_task_}) {
      if (task->is_running()) attach(task->end_slot());
    }
    race_.exchange_.watch_client(*this);
  }

 private:
  HedgedTry& race_;
  MonoTime deadline_;
};

HedgedTry::HedgedTry(const AttemptPlan& plan, const HedgeConfig& hedge, ServerChoice& choice,
                     Attempt& first, RequestState& state, Exchange& exchange)
    : plan_(plan),
      hedge_(hedge),
      choice_(choice),
      state_(state),
      exchange_(exchange),
      first_(&first),
      winner_(&first),
      second_choice_(plan.pool, plan.worker) {}

HedgedTry::~HedgedTry() = default;

bool HedgedTry::is_cut_off() const {
  return is_left_ || plan_.worker.stopping || plan_.worker.reactor.now() >= plan_.deadline;
}

TryState HedgedTry::state_of(const SideTask& task, const Attempt& attempt,
                             const SideTask& other) const {
  if (task.is_running()) return TryState::under_way;
  if (attempt.status() == 0) return TryState::bad;
  // A status that another server should answer in place of: one is being asked already.
  const std::vector<int>& retried = state_.route->config->retry.on_status;
  const bool is_refused =
      other.is_running() && std::ranges::find(retried, attempt.status()) != retried.end();
  return is_refused ? TryState::bad : TryState::good;
}

RaceStep HedgedTry::look() {
  const TryState first =
      first_ == nullptr ? TryState::absent : state_of(first_task_, *first_, second_task_);
  const TryState second =
      second_ ? state_of(second_task_, *second_, first_task_) : TryState::absent;
  return race_step(first, second);
}

Task<void> HedgedTry::run() {
  Reactor& reactor = plan_.worker.reactor;
  const MonoTime hedge_at = reactor.refresh_now() + hedge_.after;
  first_task_.start(first_->answer());
  for (;;) {
    is_left_ = exchange_.client_has_gone();
    const bool is_over = is_cut_off();
    RaceStep step = look();
    if (is_over) step = first_ != nullptr ? RaceStep::take_first : RaceStep::take_second;
    switch (step) {
      case RaceStep::take_first:
        take_first();
        co_return;
      case RaceStep::take_second:
        take_second();
        co_return;
      case RaceStep::drop_first:
        drop_first();
        continue;
      case RaceStep::drop_second:
        drop_second();
        continue;
      case RaceStep::wait:
        break;
    }
    if (!is_decided_ && reactor.now() >= hedge_at) {
      begin_second();
      continue;
    }
    Wait wait(*this, is_decided_ ? kNever : hedge_at);
    co_await wait;
    reactor.refresh_now();
  }
}

void HedgedTry::begin_second() {
  is_decided_ = true;
  WorkerPool& pool = plan_.pool;
  if (pool.pool->circuit() != Circuit::closed || !pool.hedge_budget.has_any()) {
    pool.metrics->hedged(plan_.worker.cells, HedgeResult::denied);
  } else if (!second_choice_.take_beside(choice_)) {
    pool.metrics->hedged(plan_.worker.cells, HedgeResult::no_server);
  } else {
    pool.hedge_budget.spend();
    second_.emplace(plan_, second_choice_.server(), Attempt::From::any);
    second_task_.start(second_->answer());
  }
}

void HedgedTry::take_first() {
  winner_ = first_;
  first_task_.end();
  if (!second_) return;
  const bool is_answered = first_->status() != 0;
  tell(is_answered ? HedgeResult::lost : HedgeResult::ended);
  let_go(*second_, second_task_);
  second_.reset();
  second_choice_.give_back();
}

void HedgedTry::take_second() {
  winner_ = &*second_;
  second_task_.end();
  if (second_->status() != 0) {
    tell(HedgeResult::won);
  } else {
    tell(is_cut_off() ? HedgeResult::ended : HedgeResult::failed);
  }
  if (first_ != nullptr) {
    let_go(*first_, first_task_);
    choice_.mark_tried();
  }
  choice_.take_over(second_choice_);
}

void HedgedTry::drop_first() {
  const Reason fault = first_->status() == 0 ? first_->fault() : Reason::upstream_error_status;
  first_task_.end();
  count_end(*first_);
  plan_.pool.metrics->retried(plan_.worker.cells,
                              fault == Reason::none ? Reason::upstream_closed : fault);
  ++state_.retries;
  first_ = nullptr;
  choice_.mark_tried();
  choice_.give_back();
}

void HedgedTry::drop_second() {
  tell(HedgeResult::failed);
  second_task_.end();
  count_end(*second_);
  second_.reset();
  choice_.mark_tried(second_choice_.index());
  second_choice_.give_back();
}

void HedgedTry::let_go(Attempt& attempt, SideTask& task) {
  const bool has_failed = !task.is_running() && attempt.status() == 0 && !is_cut_off();
  task.end();
  if (has_failed) {
    count_end(attempt);
  } else {
    attempt.forget();
  }
}

// What a try that ended by itself has shown of its server.
void HedgedTry::count_end(Attempt& attempt) {
  UpstreamServer& server = attempt.server();
  const int status = attempt.status();
  if (status == 0) {
    const Reason fault = attempt.fault();
    if (is_server_fault(fault)) count_failure(server, plan_.pool, plan_.worker, fault);
    attempt.forget();
    return;
  }
  const auto latency = std::chrono::duration_cast<std::chrono::microseconds>(
      plan_.worker.reactor.now() - attempt.began());
  server.signals().answered(latency, ServerSignals::answer_of(status));
  server.metrics().request_done(plan_.worker.cells, status);
  attempt.close();
}

void HedgedTry::tell(HedgeResult result) {
  if (is_told_) return;
  is_told_ = true;
  state_.hedge = to_string(result);
  plan_.pool.metrics->hedged(plan_.worker.cells, result);
}

}  // namespace ravelin::gateway
