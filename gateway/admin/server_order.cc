#include "gateway/admin/server_order.h"

#include "gateway/admin/admin_json.h"
#include "gateway/admin/percent.h"
#include "gateway/discovery/overrides_text.h"

#include <boost/json.hpp>

#include <vector>

namespace ravelin::gateway {
namespace {

namespace json = boost::json;
using base::Errc;
using base::Result;

constexpr std::string_view kServers = "/v1/servers/";

enum class Verb : std::uint8_t { add, drain, ready, maint, weight, remove, restore };

struct VerbWord {
  std::string_view word;
  Verb verb;
};

constexpr VerbWord kVerbs[] = {{"drain", Verb::drain},   {"ready", Verb::ready},
                               {"maint", Verb::maint},   {"weight", Verb::weight},
                               {"remove", Verb::remove}, {"restore", Verb::restore}};

struct ServerOrder {
  Verb verb = Verb::add;
  std::string_view method = "POST";
  std::string pool;
  std::string server;  // of all but `add`
};

// POOL, POOL/SERVER, or POOL/SERVER/VERB.
std::optional<ServerOrder> parse_order(std::string_view text) {
  std::vector<std::string_view> segments;
  for (std::size_t slash = text.find('/'); slash != std::string_view::npos && segments.size() < 3;
       slash = text.find('/')) {
    segments.push_back(text.substr(0, slash));
    text.remove_prefix(slash + 1);
  }
  segments.push_back(text);
  if (segments.size() > 3) return std::nullopt;
  const auto pool = percent_decoded(segments[0]);
  if (!pool || pool->empty()) return std::nullopt;
  if (segments.size() == 1) return ServerOrder{.pool = *pool, .server = {}};
  const auto server = percent_decoded(segments[1]);
  if (!server || server->empty()) return std::nullopt;
  if (segments.size() == 2)
    return ServerOrder{.verb = Verb::remove, .method = "DELETE", .pool = *pool, .server = *server};
  for (const VerbWord& known : kVerbs) {
    if (known.word == segments[2])
      return ServerOrder{.verb = known.verb, .pool = *pool, .server = *server};
  }
  return std::nullopt;
}

// "save=true", "save=false", or nothing.
Result<Saving> parse_saving(std::string_view target) {
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) return Saving::no;
  const std::string_view query = target.substr(question + 1);
  if (query == "save=true") return Saving::yes;
  if (query.empty() || query == "save=false") return Saving::no;
  return base::fail(Errc::invalid, "the query is save=true, save=false or nothing");
}

struct WeightWanted {
  std::optional<std::uint32_t> weight;  // nothing = the configured one
};

// {"weight": 0 to 256, or null}
Result<WeightWanted> parse_weight(std::string_view body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  if (error) return base::fail(Errc::invalid, "the body is not JSON: {}", error.message());
  const json::object* object = value.if_object();
  const json::value* weight = object == nullptr ? nullptr : object->if_contains("weight");
  if (weight == nullptr || object->size() != 1)
    return base::fail(Errc::invalid,
                      R"(the body is {{"weight": N}} or {{"weight": null}}, no more)");
  if (weight->is_null()) return WeightWanted{};
  const std::int64_t* number = weight->if_int64();
  if (number == nullptr || *number < 0 || *number > kServerWeightMax)
    return base::fail(Errc::invalid, "weight is a whole number from 0 to {}, or null",
                      kServerWeightMax);
  return WeightWanted{static_cast<std::uint32_t>(*number)};
}

Result<void> set_weight(const ServerOrder& order, std::string_view body, Saving saving,
                        AdminBackend& backend) {
  const Result<WeightWanted> wanted = parse_weight(body);
  if (!wanted) return wanted.error();
  return backend.set_weight(order.pool, order.server, wanted->weight, saving);
}

Result<void> add(ServerOrder& order, std::string_view body, Saving saving, AdminBackend& backend) {
  const Result<NewServer> wanted = parse_server_json(body);
  if (!wanted) return wanted.error();
  order.server = wanted->server.name;
  return backend.add_server(order.pool, *wanted, saving);
}

Result<void> obey(ServerOrder& order, std::string_view body, Saving saving, AdminBackend& backend) {
  switch (order.verb) {
    case Verb::add:
      return add(order, body, saving, backend);
    case Verb::drain:
      return backend.set_admin_state(order.pool, order.server, AdminState::drain, saving);
    case Verb::ready:
      return backend.set_admin_state(order.pool, order.server, AdminState::ready, saving);
    case Verb::maint:
      return backend.set_admin_state(order.pool, order.server, AdminState::maint, saving);
    case Verb::weight:
      return set_weight(order, body, saving, backend);
    case Verb::remove:
      return backend.remove_server(order.pool, order.server, saving);
    case Verb::restore:
      return backend.restore_server(order.pool, order.server, saving);
  }
  return base::fail(Errc::invalid, "unknown order");
}

// The server, or after it was removed those that are left.
std::string answer_of(const ServerOrder& order, const AdminBackend& backend) {
  for (PoolStatus& pool : backend.pools()) {
    if (pool.name != order.pool) continue;
    if (order.verb != Verb::remove)
      std::erase_if(pool.servers,
                    [&](const ServerStatus& one) { return one.server != order.server; });
    return pools_json({std::move(pool)});
  }
  return pools_json({});
}

}  // namespace

std::optional<AdminResponse> answer_server_order(const AdminRequest& request, std::string_view path,
                                                 AdminBackend& backend) {
  if (!path.starts_with(kServers)) return std::nullopt;
  auto order = parse_order(path.substr(kServers.size()));
  if (!order) return std::nullopt;
  if (request.method != order->method) return method_failure(path, order->method);
  const auto saving = parse_saving(request.target);
  if (!saving) return failure_of(saving.error());
  if (const auto done = obey(*order, request.body, *saving, backend); !done)
    return failure_of(done.error());
  const int status = order->verb == Verb::add ? 201 : 200;
  return AdminResponse{.status = status, .body = answer_of(*order, backend)};
}

}  // namespace ravelin::gateway
