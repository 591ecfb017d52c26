#include "gateway/admin/admin_api.h"

#include "gateway/admin/admin_json.h"
#include "gateway/admin/dashboard.h"
#include "gateway/admin/percent.h"
#include "gateway/admin/server_order.h"
#include "gateway/observe/gateway_metrics.h"

#include <boost/json.hpp>

#include <optional>

namespace ravelin::gateway {
namespace {

namespace json = boost::json;
using base::Errc;
using base::Result;

constexpr std::string_view kCertificates = "/v1/certificates/";
constexpr std::string_view kChallenges = "/v1/challenges/";
constexpr std::string_view kAbuse = "/v1/abuse/";
constexpr std::string_view kWhy = "/v1/why/";
constexpr std::string_view kForget = "/forget";

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

AdminResponse get_overrides(AdminBackend& backend) {
  return json_answer(overrides_json(backend.overrides()));
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

AdminResponse post_reload(AdminBackend& backend) {
  const Result<std::uint64_t> generation = backend.reload();
  if (!generation) return failure_of(generation.error());
  return json_answer(json::serialize(json::object{{"generation", *generation}}) + "\n");
}

AdminResponse post_upgrade(AdminBackend& backend) {
  if (const auto begun = backend.upgrade(); !begun) return failure_of(begun.error());
  return json_answer("{\"upgrade\":\"starting\"}\n");
}

struct Endpoint {
  std::string_view path;
  std::string_view method;
  AdminResponse (*answer)(AdminBackend&);
};

constexpr Endpoint kEndpoints[] = {
    {"/v1/status", "GET", get_status},     {"/v1/servers", "GET", get_servers},
    {"/v1/abuse", "GET", get_abuse},       {"/v1/reload", "POST", post_reload},
    {"/metrics", "GET", get_metrics},      {"/healthz", "GET", get_health},
    {"/livez", "GET", get_health},         {"/readyz", "GET", get_readiness},
    {"/", "GET", get_dashboard},           {"/dashboard.js", "GET", get_script},
    {"/dashboard.css", "GET", get_style},  {"/v1/overrides", "GET", get_overrides},
    {"/v1/upgrade", "POST", post_upgrade},
};

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

// What stands behind a path like "/v1/certificates/", percent-encoded.
std::optional<std::string> parse_tail(std::string_view path, std::string_view before) {
  if (!path.starts_with(before)) return std::nullopt;
  auto tail = percent_decoded(path.substr(before.size()));
  if (!tail || tail->empty()) return std::nullopt;
  return *tail;
}

AdminResponse get_challenge(const std::string& token, AdminBackend& backend) {
  const auto challenge = backend.challenge(token);
  if (!challenge) return failure_of(challenge.error());
  return json_answer(challenge_json(*challenge));
}

AdminResponse get_certificate(const std::string& name, AdminBackend& backend) {
  const auto certificate = backend.stored_certificate(name);
  if (!certificate) return failure_of(certificate.error());
  return json_answer(stored_certificate_json(*certificate));
}

AdminResponse get_why(const std::string& subject, AdminBackend& backend) {
  const auto explanation = backend.why(subject);
  if (!explanation) return failure_of(explanation.error());
  return json_answer(why_json(*explanation));
}

AdminResponse unknown_path(std::string_view path) {
  return admin_failure(
      404, "no_such_path",
      fmt::format(
          "there is no {} here (GET /v1/status, GET /v1/servers, POST "
          "/v1/reload, POST /v1/upgrade, POST /v1/servers/POOL, DELETE /v1/servers/POOL/SERVER, "
          "POST /v1/servers/POOL/SERVER/"
          "drain|ready|maint|weight|remove|restore, GET /v1/overrides, GET "
          "/v1/certificates/NAME, GET /v1/challenges/TOKEN, GET /v1/abuse, POST "
          "/v1/abuse/CLIENT/forget, GET /v1/why/ADDRESS|REQUEST-ID, "
          "GET /metrics, /healthz, /readyz)",
          path));
}

}  // namespace

AdminResponse method_failure(std::string_view path, std::string_view allowed) {
  AdminResponse response =
      admin_failure(405, "method_not_allowed", fmt::format("{} takes {}", path, allowed));
  response.allow = allowed == "GET" ? "GET, HEAD" : allowed;
  return response;
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
  if (const auto name = parse_tail(path, kCertificates))
    return reads ? get_certificate(*name, backend) : method_failure(path, "GET");
  if (const auto subject = parse_tail(path, kWhy))
    return reads ? get_why(*subject, backend) : method_failure(path, "GET");
  if (const auto token = parse_tail(path, kChallenges))
    return reads ? get_challenge(*token, backend) : method_failure(path, "GET");
  auto answer = answer_server_order(request, path, backend);
  return answer ? std::move(*answer) : unknown_path(path);
}

}  // namespace ravelin::gateway
