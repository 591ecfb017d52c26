#include "gateway/proxy/own_answers.h"

#include "gateway/http1/serialise.h"
#include "gateway/proxy/request_values.h"

#include <array>

namespace ravelin::gateway {
namespace {

using http1::Framing;

struct Answer {
  int status = 0;
  std::string_view content_type = "text/plain; charset=utf-8";
  std::string_view body;
  std::array<Field, 3> more{};  // those with a name are sent
  bool closes = false;
};

// With the route's header rules; without them when they would make a head too large to send.
void send_edited(Exchange& exchange, const RequestState& state, ResponseStart& start,
                 std::string_view body) {
  const TemplateValues values = template_values(state);
  const FieldEdit edit{state.route->response_changes, values};
  if (edit.changes.bytes(values) <= kEditBytesMax) start.edit = &edit;
  exchange.send_head(start, body, true);
  exchange.send_end({});
  start.edit = nullptr;
}

void send(Exchange& exchange, RequestState& state, const Answer& answer) {
  std::array<Field, 6> fields;
  std::size_t count = 0;
  if (!answer.body.empty())
    fields[count++] = {FieldId::content_type, "Content-Type", answer.content_type};
  for (const Field& field : answer.more) {
    if (!field.name.empty()) fields[count++] = field;
  }
  if (!state.hsts.empty()) {
    fields[count++] = {FieldId::strict_transport_security, "Strict-Transport-Security", state.hsts};
  }
  const bool no_body = state.is_head || answer.status == 204 || answer.status == 304;
  ResponseStart start{.status = answer.status,
                      .extra = std::span<const Field>(fields).first(count),
                      .body = no_body ? ResponseStart::Body::none : ResponseStart::Body::length,
                      .length = answer.body.size(),
                      .announces_length = state.is_head,
                      .closes = answer.closes || state.client->must_close};
  state.status = answer.status;
  if (state.route != nullptr && state.route->edits_response) {
    send_edited(exchange, state, start, no_body ? std::string_view() : answer.body);
    return;
  }
  exchange.send_head(start, no_body ? std::string_view() : answer.body, true);
  exchange.send_end({});
}

// After these nobody knows where the next request would start.
bool is_connection_lost(Reason reason) {
  switch (reason) {
    case Reason::no_route:
    case Reason::method_not_allowed:
    case Reason::client_denied:
    case Reason::maintenance:
    case Reason::unauthorized:
    case Reason::auth_overload:
    case Reason::misdirected:
    case Reason::bad_path:
    case Reason::overload:
    case Reason::rate_limited:
    case Reason::concurrency_limited:
    case Reason::banned:
    case Reason::trapped_path:
    case Reason::no_server:
    case Reason::no_healthy_server:
    case Reason::circuit_open:
    case Reason::queue_full:
    case Reason::queue_timeout:
    case Reason::connect_failed:
    case Reason::connect_timeout:
    case Reason::upstream_tls_failed:
    case Reason::upstream_closed:
    case Reason::upstream_reset:
    case Reason::upstream_bad_response:
    case Reason::upstream_error_status:
    case Reason::upstream_header_too_large:
    case Reason::first_byte_timeout:
      return false;
    default:
      return true;
  }
}

std::string own_text(const ReasonText& text, const RequestState& state) {
  return fmt::format("{} {}\nreason: {}\nrequest: {}\n", text.status,
                     http1::reason_phrase(text.status), text.token, state.id_text());
}

// The operator's page for an answer with this status: the route's, else the listener's; null =
// none.
const ErrorPage* find_page(const RequestState& state, int status) {
  if (state.route != nullptr) {
    if (state.reason == Reason::maintenance && state.route->maintenance_page)
      return &*state.route->maintenance_page;
    if (const ErrorPage* page = state.route->pages.find(status)) return page;
  }
  return state.client == nullptr ? nullptr : state.client->listener->pages.find(status);
}

// RFC 7617 section 2.
std::string challenge_of(const RequestState& state) {
  return fmt::format("Basic realm=\"{}\", charset=\"UTF-8\"",
                     state.route->config->basic_auth->realm);
}

std::string maintenance_seconds(const RequestState& state) {
  return std::to_string(state.route->config->maintenance->retry_after.count());
}

}  // namespace

void note_request(const http1::RequestHead& request, RequestState& state) {
  state.method = request.method_text;
  state.is_head = request.method == Method::head;
  state.host = request.host;
  state.target = request.target;
  state.authority = request.authority;
  if (request.has_query)  // the query and the "?" before it stand in the target
    state.query_with_mark = {request.query.data() - 1, request.query.size() + 1};
  state.protocol = request.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1";
  if (const Field* agent = request.fields.find(FieldId::user_agent))
    state.user_agent = agent->value;
  if (const Field* referer = request.fields.find(FieldId::referer)) state.referer = referer->value;
  if (state.client->is_trusted)
    state.given_id = effective_request_id(request, {.is_trusted = true});
}

bool is_server_fault(Reason reason) {
  switch (reason) {
    case Reason::connect_failed:
    case Reason::connect_timeout:
    case Reason::upstream_tls_failed:
    case Reason::upstream_closed:
    case Reason::upstream_reset:
    case Reason::upstream_bad_response:
    case Reason::upstream_header_too_large:
    case Reason::first_byte_timeout:
    case Reason::upstream_body_timeout:
    case Reason::upstream_body_truncated:
      return true;
    default:
      return false;
  }
}

void answer_failure(Exchange& exchange, RequestState& state, Reason reason, std::string_view detail,
                    bool must_close) {
  state.reason = reason;
  state.detail = detail;
  const ReasonText& text = describe(reason);
  if (exchange.head_sent() || text.status == 0) {
    exchange.abort();
    return;
  }
  const ErrorPage* page = find_page(state, text.status);
  const std::string body = page == nullptr
                               ? own_text(text, state)
                               : render(*page, text.status, text.token, state.id_text());
  const std::string proxy_status =
      text.proxy_status.empty() ? std::string() : proxy_status_value(reason);
  Answer answer{
      .status = text.status, .body = body, .closes = must_close || is_connection_lost(reason)};
  if (page != nullptr) answer.content_type = page->content_type;
  if (!proxy_status.empty()) answer.more[0] = {FieldId::proxy_status, "Proxy-Status", proxy_status};
  const std::string retry_after = reason == Reason::maintenance
                                      ? maintenance_seconds(state)
                                      : std::to_string(state.retry_after_s);
  if (text.status == 503 || text.status == 429)
    answer.more[1] = {FieldId::retry_after, "Retry-After", retry_after};
  const std::string challenge =
      reason == Reason::unauthorized ? challenge_of(state) : std::string();
  if (!challenge.empty())
    answer.more[2] = {FieldId::www_authenticate, "WWW-Authenticate", challenge};
  send(exchange, state, answer);
}

bool answer_challenge(Exchange& exchange, RequestState& state,
                      const certs::ChallengeAnswers& challenges) {
  const http1::RequestHead& request = exchange.request();
  if (request.method != Method::get && request.method != Method::head) return false;
  const std::string_view body = challenges.for_path(request.path);
  if (body.empty() || request.framing != Framing::none) return false;
  send(exchange, state, {.status = 200, .content_type = "application/octet-stream", .body = body});
  return true;
}

void answer_no_route(Exchange& exchange, const ClientInfo& client, RequestState& state,
                     const Match& match, const RoutedRequest& asked) {
  const bool has_body = exchange.request().framing != Framing::none;
  if (match.outcome == Match::Outcome::method_not_allowed) {
    state.reason = Reason::method_not_allowed;
    const std::string allowed =
        client.listener->router.allowed_methods(asked.host, asked.path, asked.traits);
    const ErrorPage* page = find_page(state, 405);
    const std::string body =
        page == nullptr ? "405 Method Not Allowed\n"
                        : render(*page, 405, describe(state.reason).token, state.id_text());
    send(exchange, state,
         {.status = 405,
          .content_type = page == nullptr ? Answer().content_type : page->content_type,
          .body = body,
          .more = {Field{FieldId::allow, "Allow", allowed}},
          .closes = has_body});
    return;
  }
  Reason reason = Reason::no_route;
  for (const ListenerRuntime& other : state.snapshot->snapshot->listeners) {
    const bool is_other_policy =
        client.is_tls && client.listener->tls_context != nullptr && other.tls_context != nullptr &&
        &other != client.listener &&
        other.tls_context->policy_hash() != client.listener->tls_context->policy_hash();
    if (is_other_policy && asked.meet(other.router).outcome != Match::Outcome::no_route) {
      reason = Reason::misdirected;
    }
  }
  answer_failure(exchange, state, reason, "no route for this host and path", has_body);
}

void answer_asterisk(Exchange& exchange, RequestState& state, bool has_body) {
  send(exchange, state, {.status = 204, .closes = has_body});
}

namespace {

// Leaves room in a response's block for what else is in the head.
constexpr std::size_t kLocationBytesMax = 32 * 1024;

void send_redirect(Exchange& exchange, RequestState& state, int status, const std::string& location,
                   bool has_body) {
  if (location.size() > kLocationBytesMax) {
    answer_failure(exchange, state, Reason::line_too_long, "Location would be over 32 KiB",
                   has_body);
    return;
  }
  send(exchange, state,
       {.status = status,
        .body = "see Location\n",
        .more = {Field{FieldId::location, "Location", location}},
        .closes = has_body});
}

}  // namespace

void answer_from_route(Exchange& exchange, RequestState& state, bool has_body) {
  const RouteConfig& route = *state.route->config;
  if (route.redirect) {
    const TemplateValues values = template_values(state);
    std::string location;
    expand(route.redirect->location, values,
           [&location](std::string_view piece) { location += piece; });
    send_redirect(exchange, state, route.redirect->status, location, has_body);
    return;
  }
  send(exchange, state,
       {.status = route.respond->status,
        .content_type = route.respond->content_type,
        .body = route.respond->body,
        .closes = has_body});
}

void answer_https_redirect(Exchange& exchange, RequestState& state, const Snapshot& snapshot,
                           const RoutedRequest& asked) {
  const http1::RequestHead& request = exchange.request();
  for (const ListenerRuntime& listener : snapshot.listeners) {
    if (listener.tls_context == nullptr || asked.host.empty()) continue;
    if (asked.meet(listener.router).outcome == Match::Outcome::no_route) continue;
    const std::uint16_t port = listener.first_port;
    const std::string authority =
        port == 443 || port == 0 ? std::string(asked.host) : fmt::format("{}:{}", asked.host, port);
    send_redirect(exchange, state, 308,
                  fmt::format("https://{}{}{}", authority, asked.path, state.query_with_mark),
                  request.framing != Framing::none);
    return;
  }
  answer_failure(exchange, state, Reason::no_route, "no TLS listener routes this host",
                 request.framing != Framing::none);
}

void report_request(const Exchange& /*exchange*/, const ClientInfo& client,
                    const RequestState& state, std::uint64_t bytes_in, std::uint64_t bytes_out,
                    WorkerContext& worker) {
  const base::MonoTime now = worker.reactor.refresh_now();
  const auto total = std::chrono::duration_cast<std::chrono::microseconds>(now - state.began);
  const bool failed = state.reason != Reason::none;
  RouteMetrics* metrics =
      state.metrics == nullptr ? client.listener->no_route_metrics : state.metrics;
  metrics->request_done(worker.cells, {state.status, total, bytes_in, bytes_out});
  if (failed) client.listener->metrics->error(worker.cells, state.reason);
  if (!worker.access_log.is_enabled()) return;
  const Snapshot& snapshot = *state.snapshot->snapshot;
  // By our own id: whoever gives one does not say what is logged.
  if (!is_kept(snapshot.config->log.sample, {state.status, !failed, total, text_of(state.id)}))
    return;
  AccessRecord record;
  record.time = base::wall_now();
  record.request_id = state.id_text();
  record.listener = client.listener->config->name;
  record.client = client.address;
  record.client_port = client.port;
  record.peer = client.peer;
  record.peer_port = client.peer_port;
  record.user = state.user;
  record.method = state.method;
  record.host = state.host;
  record.path = state.target;
  record.protocol = state.protocol;
  record.status = state.status;
  record.reason = state.reason;
  record.detail = state.detail;
  record.bytes_in = bytes_in;
  record.bytes_out = bytes_out;
  record.user_agent = state.user_agent;
  record.referer = state.referer;
  record.tls_version = client.tls_version;
  record.tls_cipher = client.tls_cipher;
  record.sni = client.sni;
  record.client_subject = client.subject;
  record.tls_resumed = client.tls_resumed;
  if (state.route != nullptr) {
    record.route = state.route->config->name;
    record.pool = state.pool_name;
  }
  if (state.server != nullptr) record.server = state.server->name();
  record.retries = state.retries;
  record.upstream_reused = state.upstream_reused;
  record.hedge = state.hedge;
  record.handshake = client.handshake;
  record.queue = state.queue;
  record.connect = state.connect;
  record.first_byte = state.first_byte;
  record.total = total;
  worker.access_log.write(record, snapshot.access_fields);
}

}  // namespace ravelin::gateway
