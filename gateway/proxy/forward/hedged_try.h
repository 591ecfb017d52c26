// HedgedTry: a try of a request that is sent to a second server as well when the first takes long
// to answer: whichever answers first is the request's, and the other's connection closes. One
// worker's thread.
#pragma once

#include "gateway/http/exchange.h"
#include "gateway/net/side_task.h"
#include "gateway/proxy/forward/attempt.h"
#include "gateway/proxy/forward/hedge_race.h"
#include "gateway/proxy/forward/server_choice.h"

#include <optional>

namespace ravelin::gateway {

class HedgedTry {
 public:
  // `choice` has the place of `first`. All arguments outlive this.
  HedgedTry(const AttemptPlan& plan, const HedgeConfig& hedge, ServerChoice& choice, Attempt& first,
            RequestState& state, Exchange& exchange);
  HedgedTry(const HedgedTry&) = delete;
  HedgedTry& operator=(const HedgedTry&) = delete;
  ~HedgedTry();

  // Runs `first`, and another beside it if it must, until one is the request's. `choice` then has
  // the place of that one, and the other is gone.
  base::Task<void> run();

  // The request's. It may have failed too, or have to be waited for still: when time is over for
  // the whole request, or its client has gone.
  [[nodiscard]] Attempt& winner() { return *winner_; }

  // Whether it came to a decision about a hedge; a request has one.
  [[nodiscard]] bool is_decided() const { return is_decided_; }

 private:
  class Wait;

  [[nodiscard]] bool is_cut_off() const;
  void begin_second();
  [[nodiscard]] TryState state_of(const SideTask& task, const Attempt& attempt,
                                  const SideTask& other) const;
  RaceStep look();
  void take_first();
  void take_second();
  // The first failed, and the second goes on as its retry.
  void drop_first();
  void drop_second();
  // The other one won, or time is over.
  void let_go(Attempt& attempt, SideTask& task);
  void count_end(Attempt& attempt);
  void tell(HedgeResult result);

  const AttemptPlan& plan_;
  const HedgeConfig& hedge_;
  ServerChoice& choice_;
  RequestState& state_;
  Exchange& exchange_;
  Attempt* first_;  // null once it is dropped
  Attempt* winner_;
  ServerChoice second_choice_;
  std::optional<Attempt> second_;
  SideTask first_task_;
  SideTask second_task_;
  bool is_decided_ = false;
  bool is_told_ = false;
  bool is_left_ = false;  // by the client
};

}  // namespace ravelin::gateway
