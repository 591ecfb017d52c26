// Relay: moves one request's body to a server and its response back, both at once, with
// back-pressure and deadlines on each side. One worker's thread.
#pragma once

#include "gateway/proxy/forward/mirror.h"
#include "gateway/proxy/forward/upstream_exchange.h"
#include "gateway/proxy/proxy.h"
#include "gateway/proxy/session/byte_rate.h"
#include "gateway/proxy/session/pace.h"

namespace ravelin::gateway {

enum class RelayEnd : unsigned char {
  done,       // the response is complete (it may still wait to be sent)
  untouched,  // the server closed before a byte of response: perhaps worth another try
  failed,     // state.reason says why; the client has been answered or cut off
  tunnel,     // 101 has been sent
  late,       // no byte of response in time, and RetryChance says that this is worth another try
  refused,    // the same of a status; the response is dropped
};

// What of a request's head is needed once its exchange has gone on.
struct RequestFacts {
  http1::Framing framing = http1::Framing::none;
  Method method = Method::other;
  bool wants_upgrade = false;  // and the route lets it
  bool expects_continue = false;
};

// What of a try's failures the route retries. The client has then been sent nothing.
struct RetryChance {
  // Of the first byte of response to a request without a body, whatever the route's timeouts.
  base::MonoTime until = kNever;
  base::Duration per_try{};  // the same for one with a body, from its end; 0 = none
  bool takes_late = false;
  std::span<const int> statuses;
};

class Relay {
 public:
  Relay(Exchange& exchange, UpstreamExchange& upstream, const ClientInfo& client,
        RequestState& state, WorkerContext& worker, const RequestFacts& request,
        const RetryChance& chance);

  // The body goes into this copy as well, which is sent and gone once it is whole. It must stay.
  void copy_body_to(std::unique_ptr<Mirror>& mirror) { mirror_ = &mirror; }

  base::Task<RelayEnd> run();

  // Whether any of the request body has been taken: then it cannot be sent again.
  [[nodiscard]] bool body_taken() const { return body_taken_; }

  [[nodiscard]] bool request_done() const { return request_done_; }

  // The head of a final response came, whatever has become of it: it is counted as an answer.
  [[nodiscard]] bool is_answered() const { return is_answered_; }

 private:
  static constexpr int kInterimMax = 32;
  enum class Move : unsigned char { none, some, stop };

  Move pump_request();
  void copy_body(const BodyStep& step);
  Move pump_response();
  Move take_head();
  Move begin_response(const http1::ResponseHead& head);
  Move send_response(const ResponseStart& start);
  Move pump_body(const BodyStep& step);
  Move finish(RelayEnd end);
  Move fail(Reason reason, std::string_view detail);
  [[nodiscard]] bool waits_for_client() const;
  // Whoever it is for begins with all of its time: none of it ran while it was for the other.
  void note_turn();
  void request_is_sent(base::MonoTime now);
  // Sends what waits for the client, and notes what it has taken since the last look.
  void drain_response();
  // What a deadline means here; none: it was only time to look at the pace.
  Reason overdue(base::MonoTime now);
  [[nodiscard]] base::MonoTime deadline() const;
  // When the server must have sent more.
  [[nodiscard]] base::MonoTime upstream_deadline() const;
  // Bandwidth limits: whether one holds a direction up now. Then no other clock runs.
  [[nodiscard]] bool is_held_up() const;

  class Wait;

  Exchange& exchange_;
  UpstreamExchange& upstream_;
  const ClientInfo& client_;
  RequestState& state_;
  WorkerContext& worker_;
  RequestFacts request_;
  RetryChance chance_;
  std::unique_ptr<Mirror>* mirror_ = nullptr;
  Pace pace_;
  std::size_t unsent_ = 0;  // at the last look at output that waited; 0 = there was none
  ByteRate down_;
  ByteRate up_;
  base::MonoTime request_deadline_;
  base::MonoTime upstream_since_;  // when the server's turn began
  RelayEnd end_ = RelayEnd::done;
  int interims_ = 0;
  bool request_done_;
  // The client sends its body when the server has said 100, or when it has waited enough.
  bool awaits_continue_;
  bool was_clients_turn_ = false;
  bool body_taken_ = false;
  bool is_answered_ = false;
  bool head_done_ = false;  // and it is what the client gets
};

}  // namespace ravelin::gateway
