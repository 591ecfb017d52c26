// Exchange: one request and its response as the proxy sees them, whatever HTTP version the client
// speaks. Calls never suspend; what must wait is waited for through a Waiter. One worker's thread.
#pragma once

#include "gateway/http/fields.h"
#include "gateway/http1/request_parser.h"
#include "gateway/http1/response_parser.h"
#include "gateway/net/waiter.h"
#include "gateway/observe/reason.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace ravelin::gateway {

class Buffer;
class Stream;
struct FieldEdit;

// What one look at the request body gave.
struct BodyStep {
  enum class Kind : unsigned char {
    data,  // `bytes`, valid until the next call
    wait,  // nothing now: watch_body()
    end,   // the body is complete; `bytes` holds the trailer fields to forward, as lines with CRLF
    failed,
  };
  Kind kind = Kind::wait;
  std::string_view bytes;
  Reason reason = Reason::none;
  std::string_view detail;  // static text
};

// The head of a response about to be sent. Framing and connection fields are the session's
// business.
struct ResponseStart {
  int status = 0;
  const http1::ResponseHead* from = nullptr;  // a server's head, whose end-to-end fields are copied
  std::span<const Field> extra;               // fields of our own, after those
  std::string_view set_cookie;                // value of a Set-Cookie of our own; "" = none
  bool has_hsts = false;            // `extra` holds Strict-Transport-Security: drop the server's
  const FieldEdit* edit = nullptr;  // of a route, on all of the fields above; its bytes() are
                                    // kEditBytesMax at most
  enum class Body : unsigned char { none, length, unknown } body = Body::none;
  std::uint64_t length = 0;       // for Body::length, and where announces_length
  bool announces_length = false;  // no body follows, but Content-Length is sent (HEAD, 304)
  bool closes = false;            // the connection must end after this response
};

inline constexpr std::size_t kEditBytesMax = 32 * 1024;

class Exchange {
 public:
  Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  virtual ~Exchange() = default;

  // Valid until the first suspension: what is needed longer must be copied.
  [[nodiscard]] virtual const http1::RequestHead& request() const = 0;

  // The body's limit from now on, in place of the listener's; 0 = none.
  virtual void limit_body(std::uint64_t bytes_max) = 0;
  virtual BodyStep take_body() = 0;
  virtual void watch_body(Waiter& waiter) = 0;
  // Whether a look at the body may give something without waiting.
  [[nodiscard]] virtual bool body_may_be_ready() const = 0;

  // 101: from now on the client's stream carries raw bytes. False where its HTTP version has no
  // such thing.
  virtual bool switch_protocol(const http1::ResponseHead& head) = 0;
  // After the switch: that stream, and what the client sent ahead of it, once. The bytes of its
  // head stay where they are.
  virtual Stream& tunnel_stream() = 0;
  virtual Buffer take_tunnel_input() = 0;
  // What the tunnel carried counts as the bodies of the request and of the response.
  virtual void count_tunnel(std::uint64_t from_client, std::uint64_t to_client) = 0;

  // 1xx other than 101; not sent to HTTP/1.0 clients.
  virtual void send_interim(const http1::ResponseHead& head) = 0;
  // The head, with the first `body` bytes (the last ones too if `last`).
  virtual void send_head(const ResponseStart& start, std::string_view body, bool last) = 0;
  // More of the body, at most Stream::kWriteMax bytes.
  virtual void send_body(std::string_view bytes) = 0;
  // The end of the body; `trailers` are complete lines with CRLF and are dropped where they cannot
  // be sent.
  virtual void send_end(std::string_view trailers) = 0;
  // The response cannot be completed: the client must see that.
  virtual void abort() = 0;

  // Output waits for the client: send nothing more before it is false again.
  [[nodiscard]] virtual bool is_blocked() const = 0;
  [[nodiscard]] virtual std::size_t blocked_bytes() const = 0;
  // Those, and what the kernel has taken and the client has not; may cost a system call.
  [[nodiscard]] virtual std::size_t unsent_bytes() const = 0;
  virtual void watch_output(Waiter& waiter) = 0;
  // Tries to send what waits.
  virtual void drain_output() = 0;
  // The client is gone: nothing can be sent any more.
  [[nodiscard]] virtual bool is_broken() const = 0;
  // The request is whole, and the client has ended the connection without its response: what is
  // done for it is done for nobody. One that has only said that it sends no more still waits.
  virtual bool client_has_gone() = 0;
  virtual void watch_client(Waiter& waiter) = 0;
  [[nodiscard]] virtual bool head_sent() const = 0;
};

}  // namespace ravelin::gateway
