#include "cli/explain_request.h"

#include "base/text.h"
#include "gateway/http1/client_address.h"
#include "gateway/http1/field_line.h"
#include "gateway/http1/target.h"
#include "gateway/route/conditions.h"
#include "gateway/route/path.h"
#include "gateway/route/rewrite.h"
#include "gateway/route/router.h"
#include "gateway/route/sticky.h"

#include <algorithm>
#include <array>

namespace ravelin::cli {
namespace {

using base::Errc;
using base::fail;
using base::Result;
using gateway::CanonicalPath;
using gateway::ListenerConfig;
using gateway::Match;
using gateway::RouteConfig;
using gateway::Router;

bool listens_on(const ListenerConfig& listener, std::uint16_t port) {
  return std::ranges::any_of(listener.bind, [port](const base::Endpoint& endpoint) {
    const auto* ip = std::get_if<base::IpEndpoint>(&endpoint);
    return ip != nullptr && ip->port == port;
  });
}

std::vector<const ListenerConfig*> reached(const gateway::Config& config,
                                           const AskedRequest& asked) {
  std::vector<const ListenerConfig*> of_scheme;
  std::vector<const ListenerConfig*> of_port;
  const std::uint16_t port = asked.port.value_or(asked.is_https ? 443 : 80);
  for (const ListenerConfig& listener : config.listeners) {
    if (!asked.host.empty() && listener.tls.has_value() != asked.is_https) continue;
    of_scheme.push_back(&listener);
    if (listens_on(listener, port)) of_port.push_back(&listener);
  }
  const bool is_any_port = asked.host.empty() || (of_port.empty() && !asked.port);
  return is_any_port ? of_scheme : of_port;
}

// The fields of the request and the client that decides, as the listener sees them.
class AskedFacts {
 public:
  AskedFacts(const AskedRequest& asked, const ListenerConfig& listener) : query_(asked.query) {
    for (const std::string& line : asked.header_lines) {
      gateway::Field field;
      const char* const end = line.data() + line.size();
      if (gateway::http1::read_field_line(line.data(), end, field).next != nullptr)
        fields_.push_back(field);
    }
    if (asked.client)
      client_ = gateway::http1::client_of(*asked.client, listener.forwarded.trusted, fields_);
  }

  [[nodiscard]] gateway::RequestTraits traits() const {
    return {&fields_, query_, client_ ? &*client_ : nullptr};
  }

  [[nodiscard]] const std::optional<base::IpAddress>& client() const { return client_; }

 private:
  gateway::FieldList fields_;
  std::string_view query_;
  std::optional<base::IpAddress> client_;
};

// As on the listener itself: it redirects what some TLS listener routes.
Result<ListenerAnswer> explain_redirect(const gateway::Config& config,
                                        const ListenerConfig& listener, const AskedRequest& asked) {
  const AskedFacts facts(asked, listener);
  for (const ListenerConfig& other : config.listeners) {
    if (!other.tls || asked.host.empty()) continue;
    const auto router = Router::build(other.routes);
    if (!router) return router.error();
    const Match match = router->match(asked.host, asked.path, asked.method, facts.traits());
    if (match.outcome == Match::Outcome::no_route) continue;
    return ListenerAnswer{
        .listener = &listener,
        .status = 308,
        .what = fmt::format("redirected to https: listener \"{}\" routes this host", other.name),
        .is_taken = true};
  }
  return ListenerAnswer{
      .listener = &listener, .status = 404, .what = "no TLS listener routes this host and path"};
}

// What of the request decides its server, where anything does.
std::string choice_text(const gateway::PoolConfig& pool) {
  std::string text;
  if (pool.sticky) text = fmt::format(", bound to a server by cookie \"{}\"", pool.sticky->cookie);
  if (pool.balance != gateway::Balance::hash) return text;
  switch (pool.hash.key) {
    case gateway::HashKey::client:
      return text + ", server by hash of the client";
    case gateway::HashKey::path:
      return text + ", server by hash of the path";
    case gateway::HashKey::header:
      return text + fmt::format(", server by hash of header \"{}\"", pool.hash.name);
    case gateway::HashKey::cookie:
      return text + fmt::format(", server by hash of cookie \"{}\"", pool.hash.name);
  }
  return text;
}

// The pool a client with this header or cookie stays in; "" when it sent none: they take turns.
std::string pool_of_split(const RouteConfig& route, const gateway::RequestTraits& traits) {
  const auto value = gateway::sticky_value(route.sticky, *traits.fields);
  return value ? route.split[gateway::sticky_part(*value, route.split)].pool : std::string();
}

std::string describe_split(const RouteConfig& route) {
  std::vector<std::string> parts;
  parts.reserve(route.split.size());
  for (const gateway::SplitPart& part : route.split)
    parts.push_back(fmt::format("\"{}\" (weight {})", part.pool, part.weight));
  return "forwarded in turn to pools " + base::join(parts, ", ");
}

std::string sent_path(const RouteConfig& route, std::string_view path) {
  if (!route.rewrite) return std::string(path);
  std::string scratch(path.size() + route.rewrite->path.size() + 1, '\0');
  return std::string(*gateway::rewrite_path(*route.rewrite, route.match, path, scratch));
}

bool is_excepted(const gateway::MaintenanceConfig& maintenance, const ListenerAnswer& answer) {
  return answer.client && gateway::contains(maintenance.except, *answer.client);
}

void describe_taken(const gateway::Config& config, const CanonicalPath& path,
                    const AskedFacts& facts, ListenerAnswer& answer) {
  const RouteConfig& route = *answer.route;
  answer.is_taken = path.is_permitted(route.path_policy);
  if (!answer.is_taken) {
    answer.status = 400;
    answer.what = fmt::format("path {}, and path_policy is reject", describe(path.fault));
  } else if (answer.client && !gateway::admits_client(route, *answer.client)) {
    answer.is_taken = false;
    answer.status = 403;
    answer.what = fmt::format("client {} may not use this route", base::to_string(*answer.client));
  } else if (route.maintenance && !is_excepted(*route.maintenance, answer)) {
    answer.is_taken = false;
    answer.status = 503;
    answer.what = "in maintenance";
  } else if (route.redirect) {
    answer.status = route.redirect->status;
    answer.what = fmt::format("redirected to {}", route.redirect->location.text);
  } else if (route.respond) {
    answer.status = route.respond->status;
    answer.what = "answered by the gateway";
  } else {
    answer.pool = route.pool;
    if (!route.split.empty()) answer.pool = pool_of_split(route, facts.traits());
    answer.what = answer.pool.empty() ? describe_split(route)
                                      : fmt::format("forwarded to pool \"{}\"", answer.pool);
    answer.sent_path = sent_path(route, answer.path);
    const auto pool = std::ranges::find(config.pools, answer.pool, &gateway::PoolConfig::name);
    if (pool != config.pools.end()) answer.what += choice_text(*pool);
  }
}

Result<ListenerAnswer> explain_routes(const gateway::Config& config, const ListenerConfig& listener,
                                      const AskedRequest& asked) {
  ListenerAnswer answer{.listener = &listener};
  std::string scratch(gateway::path_scratch_bytes(asked.path.size()), '\0');
  const CanonicalPath path = gateway::canonical_path(asked.path, scratch);
  if (path.path.empty()) {
    answer.status = 400;
    answer.what = fmt::format("path {}", describe(path.fault));
    return answer;
  }
  const auto router = Router::build(listener.routes);
  if (!router) return router.error();
  answer.path = path.path;
  const AskedFacts facts(asked, listener);
  answer.client = facts.client();
  answer.candidates = gateway::explain_match(listener.routes, asked.host, answer.path, asked.method,
                                             facts.traits());
  const Match match = router->match(asked.host, answer.path, asked.method, facts.traits());
  if (match.outcome == Match::Outcome::no_route) {
    answer.status = 404;
    answer.what = "no route takes this request";
  } else if (match.outcome == Match::Outcome::method_not_allowed) {
    answer.status = 405;
    answer.what = fmt::format("routed only for {}",
                              router->allowed_methods(asked.host, answer.path, facts.traits()));
  } else {
    answer.route = &listener.routes[match.route];
    describe_taken(config, path, facts, answer);
  }
  return answer;
}

}  // namespace

Result<AskedRequest> parse_asked(std::string_view text) {
  const std::size_t space = text.find(' ');
  AskedRequest asked;
  asked.method = space == std::string_view::npos ? "GET" : text.substr(0, space);
  asked.url = space == std::string_view::npos ? text : text.substr(space + 1);
  gateway::http1::Target target;
  const auto method = gateway::find_method(asked.method);
  const auto parsed = gateway::http1::parse_target(asked.url, method, target);
  if (!parsed.ok()) return fail(Errc::invalid, "\"{}\" is refused: {}", asked.url, parsed.detail);
  if (target.form == gateway::http1::TargetForm::origin)
    return fail(Errc::invalid, "\"{}\" is not a request: write 'GET https://host/path'", text);
  std::array<char, gateway::http1::kHostBytesMax> buffer{};
  asked.is_https = target.scheme == gateway::http1::Scheme::https;
  asked.host = gateway::http1::lower_host(target.authority.host, buffer);
  if (target.authority.has_port) asked.port = target.authority.port;
  asked.path = target.path;
  asked.query = target.query;
  return asked;
}

Result<void> add_header_line(std::string_view line, AskedRequest& asked) {
  if (asked.header_lines.size() == gateway::kFieldCountCeiling)
    return fail(Errc::invalid, "more than {} header fields", gateway::kFieldCountCeiling);
  // As it would arrive: the reader stops at the CR.
  std::string text = fmt::format("{}\r\n", line);
  gateway::Field field;
  const char* const end = text.data() + text.size();
  const auto read = gateway::http1::read_field_line(text.data(), end, field);
  if (line.empty() || read.next != end)
    return fail(Errc::invalid, "header \"{}\" is refused: {}", line,
                read.wrong == nullptr ? "write 'name: value'" : read.wrong);
  if (field.id == gateway::FieldId::host)
    return fail(Errc::invalid, "header \"{}\": the host stands in the URL", line);
  if (gateway::http1::is_ambiguous_name(field.name))
    return fail(Errc::invalid, "header \"{}\" is dropped: a server may take its name for another",
                line);
  asked.header_lines.push_back(std::move(text));
  return {};
}

Result<std::vector<ListenerAnswer>> explain_request(const gateway::Config& config,
                                                    const AskedRequest& asked) {
  std::vector<ListenerAnswer> answers;
  for (const ListenerConfig* listener : reached(config, asked)) {
    if (asked.path == gateway::http1::kAsterisk) {
      answers.push_back({.listener = listener,
                         .status = 204,
                         .what = "answered by the gateway: it asks about the gateway itself",
                         .is_taken = true});
      continue;
    }
    auto answer = listener->redirect_https ? explain_redirect(config, *listener, asked)
                                           : explain_routes(config, *listener, asked);
    if (!answer) return answer.error();
    answers.push_back(std::move(*answer));
  }
  return answers;
}

}  // namespace ravelin::cli
