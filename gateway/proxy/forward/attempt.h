// Attempt: one try of a request on one server: a connection, the request sent on it, and, where two
// run side by side, the wait for its answer. Lets go of its connection when it goes. One worker's
// thread.
#pragma once

#include "gateway/proxy/forward/upstream_exchange.h"
#include "gateway/proxy/proxy.h"

#include <optional>

namespace ravelin::gateway {

// What all tries of one request share; outlives them.
struct AttemptPlan {
  WorkerContext& worker;
  WorkerPool& pool;
  const ClientInfo& client;
  const RequestState& state;
  Method method;
  http1::Framing framing;   // of its body
  const Buffer& head;       // the request as servers get it
  base::MonoTime deadline;  // of the whole request
  base::Duration per_try;   // from the choice of a server to its first byte; 0 = no limit
  base::Duration first_byte;
};

class Attempt {
 public:
  enum class From : unsigned char {
    any,
    fresh,  // not on a kept connection
  };

  // Its time begins now. `server` outlives it.
  Attempt(const AttemptPlan& plan, UpstreamServer& server, From from);

  // Connects and sends the head. Then is_open(), or failure() says why not.
  base::Task<void> open();
  // The same, and waits until the answer's head is there, unread, or it is clear that none comes.
  base::Task<void> answer();

  // Lets go of the connection. forget(): and it has waited for an answer in vain, which is nobody's
  // fault.
  void close() { upstream_.reset(); }

  void forget();

  [[nodiscard]] bool is_open() const { return upstream_.has_value(); }

  [[nodiscard]] const ConnectFailure& failure() const { return failure_; }

  [[nodiscard]] UpstreamServer& server() const { return server_; }

  UpstreamExchange& upstream() { return *upstream_; }

  [[nodiscard]] base::MonoTime began() const { return began_; }  // the request was sent

  [[nodiscard]] std::chrono::microseconds connect_time() const { return connect_time_; }

  // When the answer must have begun.
  [[nodiscard]] base::MonoTime until() const { return until_; }

  // ---- after answer() ----
  // Of the answer; 0 = there is none.
  [[nodiscard]] int status() const { return status_; }

  // Why there is none. Reason::none: that a kept connection was closed says nothing of the server.
  [[nodiscard]] Reason fault() const;

 private:
  const AttemptPlan& plan_;
  UpstreamServer& server_;
  std::optional<UpstreamExchange> upstream_;
  ConnectFailure failure_;
  base::MonoTime until_;
  base::MonoTime began_;
  std::chrono::microseconds connect_time_ = kNoTime;
  int status_ = 0;
  From from_;
  bool is_late_ = false;
};

// A try failed by the server's fault: for ejection, weights and metrics. `status`: of the answer
// that began and was not whole; 0 = none came.
void count_failure(UpstreamServer& server, const WorkerPool& pool, WorkerContext& worker,
                   Reason reason, int status = 0);

}  // namespace ravelin::gateway
