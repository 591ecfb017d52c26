// Connection: one accepted socket: TLS handshake, then requests until either side is done.
// One worker's thread; owned by its own coroutine.
#pragma once

#include "gateway/net/connection_limits.h"
#include "gateway/net/read_proxy_header.h"
#include "gateway/proxy/abuse_watch.h"
#include "gateway/proxy/proxy.h"
#include "gateway/tls/client_certificate_fields.h"
#include "gateway/tls/stream.h"

#include <list>
#include <memory>
#include <string>

namespace ravelin::gateway {

// What every connection of one listener needs; one per listener name, kept over reloads.
struct ListenerShared {
  std::string name;
  ConnectionGate gate;
};

struct AcceptedConnection {
  int fd = -1;
  base::IpEndpoint peer;
  bool is_proxied = false;  // begins with a PROXY protocol header; counted for no client yet
  std::uint16_t port = 0;   // the one it came to; 0 = a Unix socket
  std::shared_ptr<ListenerShared> listener;
  std::shared_ptr<const ListenerTls> tls;  // null without TLS
};

class Connection {
 public:
  Connection(WorkerContext& worker, AcceptedConnection accepted);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Serves the connection to its end. Takes it by value: the coroutine's frame owns it.
  static base::Task<void> serve(std::unique_ptr<Connection> self);

  // Ends it at the next border between requests; at once if it idles. One that has not sent its
  // first request yet may send that: it was accepted.
  void drain();

  // Lets go of an earlier generation if no request is using it.
  void adopt_current() {
    if (idle_ != nullptr) listener_now();
  }

  // Ends it now; while it serves a request only once the worker is `stopping`: that may still
  // answer.
  void stop() {
    if (idle_ != nullptr || worker_.stopping) stream_.socket().shutdown();
  }

  // Ends it now, with a reset, whatever it is doing.
  void cut();

  // Who is connected; behind a PROXY protocol header, who that names. 0.0.0.0 = a Unix socket.
  [[nodiscard]] const base::IpAddress& client() const { return peer_.address; }

  // Waits for another request, having served one.
  [[nodiscard]] bool is_idle() const { return idle_ != nullptr && requests_ != 0; }

  [[nodiscard]] const std::string& listener_name() const { return listener_->name; }

  [[nodiscard]] const TlsContext* tls_context() const { return tls_context_.get(); }

 private:
  // What a PROXY protocol header made of the connection.
  struct Proxied {
    base::IpEndpoint peer;  // who connected
    std::string peer_text;
    std::optional<base::IpEndpoint> destination;  // where the client meant to go
  };

  // Takes the header, and counts the connection for the client it names.
  base::Task<bool> take_proxy_header();
  void refuse_proxy_header(const ListenerRuntime& listener, const ProxyHeaderRead& read);
  base::Task<bool> handshake(std::shared_ptr<const ListenerTls> tls);
  // Where the client meant to go; nullopt over a Unix socket, unless a PROXY header says it.
  [[nodiscard]] std::optional<base::IpAddress> local_address();
  void note_straddled(const ListenerTls& tls, Reason result);
  Reason refuse_handshake(const HandshakeInfo& info, HandshakeEnd end);
  base::Task<void> serve_requests();
  // Waits for the first byte of a request; false when there will be none.
  base::Task<bool> wait_for_request();
  // Reads, serves and reports one request; true if another may follow.
  base::Task<bool> serve_one();
  enum class HeadEnd : unsigned char { complete, refused, gone };
  base::Task<HeadEnd> read_head(const ListenerRuntime& listener, RequestState& state,
                                http1::ParseResult& why);
  // Notes it where abuse is watched; true when the client is banned now.
  bool note(Reason reason, const base::IpAddress& client, std::string_view request_id);
  bool note(const Glitch& what);
  bool note_handshake_begun();
  bool note_response(const RequestState& state);
  [[nodiscard]] Glitch glitch(Reason reason, const base::IpAddress& client,
                              std::string_view request_id) const;
  base::Task<bool> exchange(const ListenerRuntime& listener, RequestState& state);
  // Sends what is left of the response at the client's pace; `state.reason` says why it was not
  // all.
  base::Task<void> send_rest(const ListenerRuntime& listener, RequestState& state);
  void answer_bad_head(const ListenerRuntime& listener, RequestState& state,
                       const http1::ParseResult& why);
  // Lets the client read the last response before the socket closes under unread input.
  base::Task<void> linger();

  // The listener as the worker's current generation has it, or, once it is configured no more, as
  // the last one that had it did.
  const ListenerRuntime& listener_now();

  [[nodiscard]] bool must_end() const { return draining_ && requests_ != 0; }

  // The listener in the worker's current generation, whatever is pinned; null = it has left.
  [[nodiscard]] const ListenerRuntime* listener_in_force() const;
  // Whether that asks of connections what it asked of this one when it began.
  [[nodiscard]] bool is_of_policy_in_force() const;

  const ClientCertificateFields* client_certificate(const ListenerRuntime& listener);
  [[nodiscard]] ClientInfo client_info(const ListenerRuntime& listener);
  [[nodiscard]] std::string_view client_text();

  WorkerContext& worker_;
  std::shared_ptr<ListenerShared> listener_;
  base::IpEndpoint peer_;
  Stream stream_;
  Buffer in_;
  std::shared_ptr<const ListenerTls> pending_tls_;  // until the handshake begins
  std::shared_ptr<const TlsContext> tls_context_;
  std::string sni_;
  std::array<char, 46> client_text_{};
  std::uint8_t client_text_size_ = 0;
  std::uint16_t port_;
  std::unique_ptr<const Proxied> proxied_;
  std::unique_ptr<const ClientCertificateFields> client_certificate_;  // made when first needed
  ClientCertForward forwards_certificate_ = ClientCertForward::none;   // as it was made
  bool came_over_unix_socket_;
  bool awaits_proxy_header_;
  bool is_counted_for_client_;

  // Of a verified client certificate; null without one.
  struct Identity {
    std::string subject;
    std::string fingerprint;
  };

  std::unique_ptr<const Identity> identity_;
  bool draining_ = false;
  bool lingers_ = false;
  bool peer_closed_ = false;
  bool is_cut_ = false;  // ends with a reset: a response is not whole
  std::uint32_t requests_ = 0;
  std::shared_ptr<const WorkerSnapshot> pinned_;
  const ListenerRuntime* runtime_ = nullptr;  // in pinned_
  std::chrono::microseconds handshake_time_ = kNoTime;
  Waiter* idle_ = nullptr;  // set while waiting for a request
  std::list<Connection*>::iterator place_;
};

}  // namespace ravelin::gateway
