// The heads the gateway writes: a request's towards a server, a response's towards the client.
// Every byte is written from parsed values; hop-by-hop fields, framing and untrusted forwarding
// fields never pass. Pure; any thread.
#pragma once

#include "gateway/http/exchange.h"
#include "gateway/http1/serialise.h"
#include "gateway/route/field_changes.h"

#include <string_view>

namespace ravelin::gateway {

struct ClientCertificateFields;

// Who the client is, for X-Forwarded-* and Forwarded (RFC 7239).
struct ForwardedBy {
  std::string_view client;  // address text; IPv6 without brackets
  bool client_is_ipv6 = false;
  std::string_view scheme;       // "https" or "http"
  std::uint16_t port = 0;        // the listener's
  bool is_trusted = false;       // the client's own forwarding fields are kept and appended to
  bool sends_forwarded = false;  // RFC 7239 as well
  std::string_view own_cookie;   // the gateway's: not sent on; "" = none
  // The client's own certificate, sent on in place of received Client-Cert fields; null = is not,
  // and only a trusted client's fields pass.
  const ClientCertificateFields* certificate = nullptr;
  std::string_view request_id;  // used unless a trusted client sent one
  bool passes_upgrade = true;   // false: the server is not asked to switch protocols
};

// The request line, fields and empty line. `path` is the canonical one; the query is the received
// one. `edit`: what the route does to the fields; null = nothing.
void write_request_head(http1::ByteWriter& out, const http1::RequestHead& request,
                        std::string_view path, const ForwardedBy& by,
                        const FieldEdit* edit = nullptr);

// The request id that write_request_head() will send: a trusted client's own, else `by.request_id`.
std::string_view effective_request_id(const http1::RequestHead& request, const ForwardedBy& by);

// The end-to-end fields of `start`, as lines.
void write_response_fields(http1::ByteWriter& out, const ResponseStart& start);

}  // namespace ravelin::gateway
