// The life of a request, top to bottom: route, admit, pick a server, forward, answer, log.
// One worker's thread; one coroutine for each request.
#pragma once

#include "gateway/http/exchange.h"
#include "gateway/proxy/forward/message_heads.h"
#include "gateway/proxy/worker_context.h"

#include <string>

namespace ravelin::gateway {

struct ClientCertificateFields;

// What the proxy knows of the client's connection; outlives the request.
struct ClientInfo {
  const ListenerRuntime* listener = nullptr;  // of the request's snapshot
  base::IpAddress ip;                         // the client's; 0.0.0.0 over a Unix socket
  std::string_view address;                   // the same as text
  std::uint16_t port = 0;
  std::string_view peer;  // who connected, where that was not the client; else ""
  std::uint16_t peer_port = 0;
  const base::IpEndpoint* endpoint = nullptr;            // null: it came over a Unix socket
  const base::IpEndpoint* destination = nullptr;         // null: where its connection ends
  Stream* stream = nullptr;                              // its connection
  const ClientCertificateFields* certificate = nullptr;  // sent on to servers; null = is not
  bool is_ipv6 = false;
  bool is_tls = false;
  bool is_trusted = false;  // its forwarding fields are kept
  std::uint16_t listener_port = 0;
  std::string_view sni;
  std::string_view tls_version;
  std::string_view tls_cipher;
  std::string_view subject;      // of its verified certificate
  std::string_view fingerprint;  // SHA-256 of it
  bool tls_resumed = false;
  bool must_close = false;                        // this is the connection's last request
  std::chrono::microseconds handshake = kNoTime;  // only for the connection's first request
};

// Everything that is known about one request while and after it is served.
struct RequestState {
  explicit RequestState(const WorkerContext& worker) : began(worker.reactor.now()) {}

  std::shared_ptr<const WorkerSnapshot> snapshot;
  base::MonoTime began;
  base::MonoTime upstream_began;  // the request left for the server
  RequestId id{};
  std::string_view hsts;               // of the listener; "" = none
  const ClientInfo* client = nullptr;  // set before anything is answered
  std::string_view set_cookie;         // that the response binds the session with; "" = none
  base::IpAddress client_ip;           // http1::client_of(); known only where abuse is watched
  const RouteRuntime* route = nullptr;
  std::size_t pool = 0;  // index of the one that serves; meaningless for routes without
  std::string_view pool_name;
  RouteMetrics* metrics = nullptr;  // of the route and pool
  const UpstreamServer* server = nullptr;
  int status = 0;
  Reason reason = Reason::none;
  std::string detail;  // for the operator's log
  std::string user;    // of basic_auth
  std::uint32_t retries = 0;
  std::uint32_t retry_after_s = 1;  // for answers that ask the client to come back
  bool upstream_reused = false;
  std::string_view hedge;  // a HedgeResult, once a second server was asked beside the first
  bool is_head = false;
  // Views into the client's bytes, which stay until the request has ended.
  std::string_view method, host, target, user_agent, referer, protocol;
  std::string_view authority, query_with_mark;
  std::string_view given_id;  // the request id of a trusted client, if it sent one
  std::string_view path;      // canonical, as routed; set with `route`
  std::chrono::microseconds queue = kNoTime, connect = kNoTime, first_byte = kNoTime;

  // The request's id, wherever it is told: to its server, in the log, to the client, of a ban.
  [[nodiscard]] std::string_view id_text() const {
    return given_id.empty() ? text_of(id) : given_id;
  }
};

// Serves one request whose head has been read. Returns when the response is complete or has failed;
// `state` then says how it went. A tunnel (101) is over when this returns, and the connection with
// it.
base::Task<void> serve_request(Exchange& exchange, const ClientInfo& client, RequestState& state,
                               WorkerContext& worker);

// Answers with the status of `reason`, unless a head has already been sent. The connection closes
// if the reason says that its framing cannot be trusted, or if a request body is unread.
void answer_failure(Exchange& exchange, RequestState& state, Reason reason, std::string_view detail,
                    bool must_close);

// When the whole of a routed request must be over, by its route's `timeouts.request`.
base::MonoTime deadline_of(const RequestState& state);

// Counts and logs a finished request.
void report_request(const Exchange& exchange, const ClientInfo& client, const RequestState& state,
                    std::uint64_t bytes_in, std::uint64_t bytes_out, WorkerContext& worker);

}  // namespace ravelin::gateway
