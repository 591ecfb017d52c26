#include "gateway/proxy/forward/message_heads.h"

#include "base/text.h"
#include "gateway/http1/cookie.h"
#include "gateway/tls/client_certificate_fields.h"

#include <algorithm>

namespace ravelin::gateway {
namespace {

using http1::ByteWriter;
using http1::RequestHead;

constexpr std::size_t kRequestIdBytesMax = 128;

bool is_forwarding_field(FieldId id) {
  switch (id) {
    case FieldId::forwarded:
    case FieldId::x_forwarded_for:
    case FieldId::x_forwarded_proto:
    case FieldId::x_forwarded_host:
    case FieldId::x_forwarded_port:
    case FieldId::x_real_ip:
    case FieldId::x_request_id:
      return true;
    default:
      return false;
  }
}

// Written by the gateway itself or belonging to the connection: never copied.
bool is_replaced_in_request(FieldId id) {
  return is_hop_by_hop(id) || is_forwarding_field(id) || id == FieldId::via ||
         id == FieldId::proxy_authorization;
}

// RFC 9440 section 2.4: who may not be believed must not get these past the gateway.
bool is_client_certificate_field(const Field& field) {
  constexpr std::string_view kCertificate = "client-cert";
  constexpr std::string_view kChain = "client-cert-chain";
  if (field.id != FieldId::unknown) return false;
  if (field.name.size() == kCertificate.size()) return base::iequals(field.name, kCertificate);
  return field.name.size() == kChain.size() && base::iequals(field.name, kChain);
}

// What else proxies tell servers about the client or its request, and servers believe. None of it
// is written here: from who is not trusted it is forged.
bool is_told_by_proxies(const Field& field) {
  constexpr std::string_view kBeginnings[] = {"x-forwarded-", "x-original-"};
  constexpr std::string_view kNames[] = {
      "x-forwarded",    "x-rewrite-url", "x-client-ip",  "x-cluster-client-ip",
      "true-client-ip", "x-scheme",      "x-url-scheme", "front-end-https",
  };
  if (field.id != FieldId::unknown) return false;
  const char first = base::to_lower(field.name.front());
  if (first != 'x' && first != 't' && first != 'f') return false;
  for (const std::string_view beginning : kBeginnings)
    if (base::iequals(field.name.substr(0, beginning.size()), beginning)) return true;
  return std::ranges::any_of(
      kNames, [&field](std::string_view name) { return base::iequals(field.name, name); });
}

void put_client_certificate(ByteWriter& out, const ClientCertificateFields& fields) {
  if (!fields.certificate.empty()) http1::write_field(out, "Client-Cert", fields.certificate);
  if (!fields.chain.empty()) http1::write_field(out, "Client-Cert-Chain", fields.chain);
}

// The values of every field with this id, as one list that ends in ", ".
void put_list(ByteWriter& out, const FieldList& fields, FieldId id) {
  if (!fields.has(id)) return;
  for (const Field& field : fields) {
    if (field.id != id || field.value.empty()) continue;
    out.append(field.value);
    out.append(", ");
  }
}

std::string_view first_value(const FieldList& fields, FieldId id, std::string_view otherwise) {
  const Field* field = fields.find(id);
  return field == nullptr || field->value.empty() ? otherwise : field->value;
}

void put_forwarded_element(ByteWriter& out, const RequestHead& request, const ForwardedBy& by) {
  out.append(by.client_is_ipv6 ? "for=\"[" : "for=");
  out.append(by.client);
  if (by.client_is_ipv6) out.append("]\"");
  out.append(";proto=");
  out.append(by.scheme);
  if (!request.authority.empty()) {
    out.append(";host=\"");
    out.append(request.authority);
    out.append("\"");
  }
  out.append("\r\n");
}

void put_forwarding_fields(ByteWriter& out, const RequestHead& request, const ForwardedBy& by) {
  const FieldList& fields = request.fields;
  out.append("X-Forwarded-For: ");
  if (by.is_trusted) put_list(out, fields, FieldId::x_forwarded_for);
  out.append(by.client);
  out.append("\r\nX-Forwarded-Proto: ");
  out.append(by.is_trusted ? first_value(fields, FieldId::x_forwarded_proto, by.scheme)
                           : by.scheme);
  out.append("\r\nX-Forwarded-Host: ");
  out.append(by.is_trusted ? first_value(fields, FieldId::x_forwarded_host, request.authority)
                           : request.authority);
  out.append("\r\nX-Forwarded-Port: ");
  const std::string_view port =
      by.is_trusted ? first_value(fields, FieldId::x_forwarded_port, {}) : std::string_view();
  if (port.empty()) {
    out.append_decimal(by.port);
  } else {
    out.append(port);
  }
  out.append("\r\nX-Real-IP: ");
  out.append(by.is_trusted ? first_value(fields, FieldId::x_real_ip, by.client) : by.client);
  out.append("\r\n");
  if (by.sends_forwarded || (by.is_trusted && fields.has(FieldId::forwarded))) {
    out.append("Forwarded: ");
    if (by.is_trusted) put_list(out, fields, FieldId::forwarded);
    put_forwarded_element(out, request, by);
  }
  http1::write_field(out, "X-Request-Id", effective_request_id(request, by));
  out.append("Via: ");
  put_list(out, fields, FieldId::via);
  out.append(request.minor_version == 0 ? "1.0 ravelin\r\n" : "1.1 ravelin\r\n");
}

void put_request_framing(ByteWriter& out, const RequestHead& request) {
  if (request.framing == http1::Framing::chunked) {
    out.append("Transfer-Encoding: chunked\r\n");
  } else if (request.framing == http1::Framing::length) {
    out.append("Content-Length: ");
    out.append_decimal(request.content_length);
    out.append("\r\n");
  }
}

}  // namespace

std::string_view effective_request_id(const RequestHead& request, const ForwardedBy& by) {
  if (!by.is_trusted) return by.request_id;
  const std::string_view given = first_value(request.fields, FieldId::x_request_id, by.request_id);
  return given.size() <= kRequestIdBytesMax ? given : by.request_id;
}

void write_request_head(ByteWriter& out, const RequestHead& request, std::string_view path,
                        const ForwardedBy& by, const FieldEdit* edit) {
  out.append(request.method_text);
  out.append(" ");
  out.append(path);
  if (request.has_query) {
    out.append("?");
    out.append(request.query);
  }
  out.append(" HTTP/1.1\r\n");
  http1::write_field(out, "Host", request.authority);
  const bool may_tell_certificate = by.is_trusted && by.certificate == nullptr;
  for (const Field& field : request.fields) {
    if (is_replaced_in_request(field.id)) continue;
    // Expect is answered by the server, but only where a body follows (RFC 9110 section 10.1.1).
    if (field.id == FieldId::expect && !request.expects_continue) continue;
    if (field.id == FieldId::unknown && request.connection_names(field.name)) continue;
    if (!may_tell_certificate && is_client_certificate_field(field)) continue;
    if (!by.is_trusted && is_told_by_proxies(field)) continue;
    if (edit != nullptr && edit->changes.drops(field)) continue;
    if (field.id == FieldId::cookie && !by.own_cookie.empty()) {
      http1::write_without_cookie(out, field, by.own_cookie);
      continue;
    }
    http1::write_field(out, field.name, field.value);
  }
  if (edit != nullptr) edit->changes.write(out, edit->values);
  put_forwarding_fields(out, request, by);
  if (by.certificate != nullptr) put_client_certificate(out, *by.certificate);
  put_request_framing(out, request);
  if (request.wants_upgrade && by.passes_upgrade) {
    out.append("Connection: upgrade\r\n");
    http1::write_field(out, "Upgrade", request.upgrade);
  }
  out.append("\r\n");
}

void write_response_fields(http1::ByteWriter& out, const ResponseStart& start) {
  if (start.from != nullptr) {
    const http1::ResponseHead& response = *start.from;
    for (const Field& field : response.fields) {
      if (is_hop_by_hop(field.id) || field.id == FieldId::proxy_authenticate) continue;
      if (field.id == FieldId::strict_transport_security && start.has_hsts) continue;
      if (field.id == FieldId::unknown && response.connection_names(field.name)) continue;
      if (start.edit != nullptr && start.edit->changes.drops(field)) continue;
      http1::write_field(out, field.name, field.value);
    }
  }
  if (!start.set_cookie.empty()) http1::write_field(out, "Set-Cookie", start.set_cookie);
  for (const Field& field : start.extra) {
    if (start.edit != nullptr && start.edit->changes.drops(field)) continue;
    http1::write_field(out, field.name, field.value);
  }
  if (start.edit != nullptr) start.edit->changes.write(out, start.edit->values);
}

}  // namespace ravelin::gateway
