#include "gateway/admin/admin_api.h"

#include "gateway/admin/admin_json.h"
#include "gateway/admin/dashboard.h"
#include "gateway/observe/gateway_metrics.h"

#include <boost/json.hpp>

#include <optional>

namespace ravelin::gateway {
namespace {

namespace json = boost::json;
using base::Errc;
using base::Result;

constexpr std::string_view kServers = "/v1/servers/";
constexpr std::string_view kAbuse = "/v1/abuse/";
constexpr std::string_view kForget = "/forget";
constexpr std::int64_t kWeightMax = 256;

AdminResponse json_answer(std::string body) {
  return {.body = std::move(body)};
}

AdminResponse get_status(AdminBackend& backend) {
  return json_answer(status_json(backend.status()));
}

AdminResponse get_servers(AdminBackend& backend) {
  return json_answer(pools_json(backend.pools()));
}

AdminResponse get_abuse(AdminBackend& backend) {
  return json_answer(abuse_json(backend.abusive_clients()));
}

AdminResponse get_metrics(AdminBackend& backend) {
  return {.content_type = kMetricsContentType, .body = backend.metrics_text()};
}

// The loop that answers is the loop that would hang.
AdminResponse get_health(AdminBackend& /*backend*/) {
  return json_answer("{\"alive\":true}\n");
}

AdminResponse get_readiness(AdminBackend& backend) {
  const Readiness readiness = backend.readiness();
  return {.status = readiness.is_ready ? 200 : 503, .body = readiness_json(readiness)};
}

AdminResponse page(std::string_view content_type, std::string_view text) {
  return {.content_type = content_type,
          .body = std::string(text),
          .content_security_policy = kDashboardSecurityPolicy};
}

AdminResponse get_dashboard(AdminBackend& /*backend*/) {
  return page("text/html; charset=utf-8", kDashboardPage);
}

AdminResponse get_script(AdminBackend& /*backend*/) {
  return page("text/javascript; charset=utf-8", kDashboardScript);
}

AdminResponse get_style(AdminBackend& /*backend*/) {
  return page("text/css; charset=utf-8", kDashboardStyle);
}

AdminResponse failure_of(const base::Error& error) {
  struct Meaning {
    Errc code;
    int status;
    std::string_view token;
  };

  constexpr Meaning kMeanings[] = {{Errc::invalid, 422, "invalid"},
                                   {Errc::not_found, 404, "not_found"},
                                   {Errc::denied, 403, "denied"},
                                   {Errc::conflict, 409, "conflict"},
                                   {Errc::unavailable, 503, "unavailable"}};
  const std::string text = base::to_string(error);
  for (const Meaning& meaning : kMeanings) {
    if (meaning.code == error.code) return admin_failure(meaning.status, meaning.token, text);
  }
  return admin_failure(500, "failed", text);
}

AdminResponse post_reload(AdminBackend& backend) {
  const Result<std::uint64_t> generation = backend.reload();
  if (!generation) return failure_of(generation.error());
  return json_answer(json::serialize(json::object{{"generation", *generation}}) + "\n");
}

struct Endpoint {
  std::string_view path;
  std::string_view method;
  AdminResponse (*answer)(AdminBackend&);
};

constexpr Endpoint kEndpoints[] = {
    {"/v1/status", "GET", get_status},    {"/v1/servers", "GET", get_servers},
    {"/v1/abuse", "GET", get_abuse},      {"/v1/reload", "POST", post_reload},
    {"/metrics", "GET", get_metrics},     {"/healthz", "GET", get_health},
    {"/livez", "GET", get_health},        {"/readyz", "GET", get_readiness},
    {"/", "GET", get_dashboard},          {"/dashboard.js", "GET", get_script},
    {"/dashboard.css", "GET", get_style},
};

// ---- one server ----
struct ServerOrder {
  std::string pool;
  std::string server;
  std::string verb;
};

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// A server's name may be an address ("unix:/run/app.sock"): percent-encoded, it is one segment.
std::optional<std::string> percent_decoded(std::string_view segment) {
  std::string text;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] != '%') {
      text += segment[i];
      continue;
    }
    const int high = i + 2 < segment.size() ? hex_value(segment[i + 1]) : -1;
    const int low = i + 2 < segment.size() ? hex_value(segment[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    text += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return text;
}

// What stands after "/v1/servers/": POOL/SERVER/VERB.
std::optional<ServerOrder> parse_order(std::string_view text) {
  const std::size_t first = text.find('/');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('/', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto pool = percent_decoded(text.substr(0, first));
  const auto server = percent_decoded(text.substr(first + 1, second - first - 1));
  if (!pool || !server || pool->empty() || server->empty()) return std::nullopt;
  return ServerOrder{*pool, *server, std::string(text.substr(second + 1))};
}

struct WeightOrder {
  std::optional<std::uint32_t> weight;  // nothing = the configured one
};

// {"weight": 0 to 256, or null}
Result<WeightOrder> parse_weight(std::string_view body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  if (error) return base::fail(Errc::invalid, "the body is not JSON: {}", error.message());
  const json::object* object = value.if_object();
  const json::value* weight = object == nullptr ? nullptr : object->if_contains("weight");
  if (weight == nullptr || object->size() != 1)
    return base::fail(Errc::invalid,
                      R"(the body is {{"weight": N}} or {{"weight": null}}, no more)");
  if (weight->is_null()) return WeightOrder{};
  const std::int64_t* number = weight->if_int64();
  if (number == nullptr || *number < 0 || *number > kWeightMax)
    return base::fail(Errc::invalid, "weight is a whole number from 0 to {}, or null", kWeightMax);
  return WeightOrder{static_cast<std::uint32_t>(*number)};
}

Result<void> obey(const ServerOrder& order, std::string_view body, AdminBackend& backend) {
  if (order.verb == "weight") {
    const Result<WeightOrder> wanted = parse_weight(body);
    if (!wanted) return wanted.error();
    return backend.set_weight(order.pool, order.server, wanted->weight);
  }
  const AdminState state = order.verb == "drain"   ? AdminState::drain
                           : order.verb == "maint" ? AdminState::maint
                                                   : AdminState::ready;
  return backend.set_admin_state(order.pool, order.server, state);
}

bool is_verb(std::string_view verb) {
  return verb == "drain" || verb == "ready" || verb == "maint" || verb == "weight";
}

AdminResponse answer_order(const ServerOrder& order, const AdminRequest& request,
                           AdminBackend& backend) {
  if (const auto done = obey(order, request.body, backend); !done) return failure_of(done.error());
  for (const PoolStatus& pool : backend.pools()) {
    if (pool.name != order.pool) continue;
    for (const ServerStatus& server : pool.servers) {
      if (server.server != order.server) continue;
      PoolStatus only{pool.name, pool.balance, pool.queued, pool.panics, {server}};
      return json_answer(pools_json({std::move(only)}));
    }
  }
  return json_answer(pools_json({}));
}

// Of "/v1/abuse/CLIENT/forget": the client, an address or prefix, percent-encoded.
std::optional<base::IpPrefix> parse_forget(std::string_view path) {
  if (!path.starts_with(kAbuse) || !path.ends_with(kForget)) return std::nullopt;
  path.remove_prefix(kAbuse.size());
  if (path.size() <= kForget.size()) return std::nullopt;
  path.remove_suffix(kForget.size());
  const auto text = percent_decoded(path);
  if (!text) return std::nullopt;
  const auto prefix = base::parse_prefix(*text);
  if (!prefix) return std::nullopt;
  return *prefix;
}

AdminResponse forget_client(const base::IpPrefix& client, AdminBackend& backend) {
  if (const auto done = backend.forget_client(client); !done) return failure_of(done.error());
  return get_abuse(backend);
}

AdminResponse method_failure(std::string_view path, std::string_view allowed) {
  AdminResponse response =
      admin_failure(405, "method_not_allowed", fmt::format("{} takes {}", path, allowed));
  response.allow = allowed == "GET" ? "GET, HEAD" : "POST";
  return response;
}

AdminResponse unknown_path(std::string_view path) {
  return admin_failure(
      404, "no_such_path",
      fmt::format("there is no {} here (GET /v1/status, GET /v1/servers, POST "
                  "/v1/reload, POST /v1/servers/POOL/SERVER/"
                  "drain|ready|maint|weight, GET /v1/abuse, POST /v1/abuse/CLIENT/forget, "
                  "GET /metrics, /healthz, /readyz)",
                  path));
}

}  // namespace

AdminResponse admin_failure(int status, std::string_view code, std::string_view message) {
  const json::object error{{"code", code}, {"message", message}};
  return {.status = status, .body = json::serialize(json::object{{"error", error}}) + "\n"};
}

AdminResponse answer_admin(const AdminRequest& request, AdminBackend& backend) {
  if (request.channel == AdminChannel::socket && !request.is_trusted) {
    return admin_failure(403, "denied",
                         "only root, the gateway's own user and members of the group ravelin-admin "
                         "may use the admin socket");
  }
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (request.channel == AdminChannel::tcp && !reads) {
    return admin_failure(403, "read_only",
                         "this address is read-only; changes go through the admin socket");
  }
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  if (!path.starts_with('/')) return admin_failure(400, "bad_target", "the target is not a path");
  for (const Endpoint& endpoint : kEndpoints) {
    if (endpoint.path != path) continue;
    const bool fits = reads ? endpoint.method == "GET" : endpoint.method == request.method;
    return fits ? endpoint.answer(backend) : method_failure(path, endpoint.method);
  }
  if (const auto client = parse_forget(path)) {
    return request.method == "POST" ? forget_client(*client, backend)
                                    : method_failure(path, "POST");
  }
  if (!path.starts_with(kServers)) return unknown_path(path);
  const auto order = parse_order(path.substr(kServers.size()));
  if (!order || !is_verb(order->verb)) return unknown_path(path);
  if (request.method != "POST") return method_failure(path, "POST");
  return answer_order(*order, request, backend);
}

}  // namespace ravelin::gateway
