#include "gateway/proxy/proxy.h"

#include "gateway/proxy/forward/forwarding.h"
#include "gateway/proxy/own_answers.h"
#include "gateway/proxy/request_values.h"
#include "gateway/proxy/rules/meet_route.h"
#include "gateway/proxy/rules/route_admission.h"
#include "gateway/proxy/rules/route_auth.h"
#include "gateway/proxy/rules/route_rules.h"

namespace ravelin::gateway {

using base::MonoTime;
using base::Task;
using http1::Framing;

namespace {

// A request in flight, gateway-wide.
class Admission {
 public:
  explicit Admission(GatewayLoad& load, std::uint32_t limit)
      : load_(load),
        admitted_(load_.requests_in_flight.fetch_add(1, std::memory_order_relaxed) < limit) {}

  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  ~Admission() { load_.requests_in_flight.fetch_sub(1, std::memory_order_relaxed); }

  [[nodiscard]] bool is_admitted() const { return admitted_; }

 private:
  GatewayLoad& load_;
  bool admitted_;
};

}  // namespace

MonoTime deadline_of(const RequestState& state) {
  const base::Duration time = state.route->config->request_timeout;
  return time.count() == 0 ? kNever : state.began + time;
}

Task<void> serve_request(Exchange& exchange, const ClientInfo& client, RequestState& state,
                         WorkerContext& worker) {
  note_request(exchange.request(), state);
  state.client = &client;
  // Before everything that may refuse: a certificate that is not renewed refuses everyone.
  if (worker.challenges != nullptr && answer_challenge(exchange, state, *worker.challenges))
    co_return;
  const bool has_body = exchange.request().framing != Framing::none;
  const Admission admission(worker.load, state.snapshot->snapshot->config->overload.requests_max);
  if (!admission.is_admitted()) {
    answer_failure(exchange, state, Reason::overload,
                   "more requests in flight than overload.requests_max", has_body);
    co_return;
  }
  if (worker.load.is_overloaded(OverloadAction::shed_requests)) {
    answer_failure(exchange, state, Reason::overload, "overload.shed_requests", has_body);
    co_return;
  }
  Buffer path_block(worker.buffers);
  if (!meet_route(exchange, client, state, path_block, worker)) co_return;
  InFlightPlace place;  // held until the request has ended
  const bool is_limited = state.route->limits != nullptr;
  if (is_limited && !admit_to_route(exchange, client, state, place, worker)) co_return;
  PasswordQuestion question;
  if (!begin_auth(exchange, state, worker, question)) co_return;
  if (!has_pool(*state.route->config)) {
    if (question.is_asked) {
      const bool is_right = co_await finish_auth(exchange, state, worker, question, has_body);
      if (!is_right) co_return;
    }
    answer_from_route(exchange, state, has_body);
    co_return;
  }
  choose_pool(exchange.request().fields, state);
  Buffer rewritten(worker.buffers);
  const auto sent_path = path_for_server(*state.route->config, state.path, rewritten);
  if (!sent_path) {
    answer_failure(exchange, state, Reason::header_too_large, "the rewritten path is too long",
                   has_body);
    co_return;
  }
  co_await forward_request(exchange, client, state, worker, *sent_path, question);
}

}  // namespace ravelin::gateway
