#include "gateway/discovery/overrides_text.h"

#include "base/io/yaml.h"
#include "base/utc.h"
#include "gateway/config/words.h"

#include <boost/json.hpp>

#include <algorithm>

namespace ravelin::gateway {
namespace {

namespace json = boost::json;

enum class OrderWord : std::uint8_t { drain, maint, weight, add, remove };
constexpr yaml::Choice<OrderWord> kOrderWords[] = {
    {"drain", OrderWord::drain}, {"maint", OrderWord::maint},   {"weight", OrderWord::weight},
    {"add", OrderWord::add},     {"remove", OrderWord::remove},
};

// ---- to text ----
json::object server_object(const ServerConfig& server) {
  json::object out{{"address", base::to_string(server.address)}, {"weight", server.weight}};
  if (server.backup) out["backup"] = true;
  if (server.priority != 0) out["priority"] = server.priority;
  if (!server.zone.empty()) out["zone"] = server.zone;
  if (server.connections_max != 0) out["connections_max"] = server.connections_max;
  if (server.agent_port != 0) out["agent_port"] = server.agent_port;
  if (!server.tls) return out;
  json::object tls;
  const std::pair<std::string_view, const std::string&> texts[] = {
      {"ca", server.tls->ca},
      {"name", server.tls->name},
      {"certificate", server.tls->certificate},
      {"key", server.tls->key}};
  for (const auto& [key, text] : texts) {
    if (!text.empty()) tls[key] = text;
  }
  out["tls"] = std::move(tls);
  return out;
}

json::object order_object(const OverrideKey& key, const Override& order) {
  json::object out{{"pool", key.pool}, {"server", key.server}};
  if (const auto* state = std::get_if<StateOrder>(&order.order)) {
    out["order"] = to_string(state->state);
  } else if (const auto* weight = std::get_if<WeightOrder>(&order.order)) {
    out["order"] = "weight";
    out["weight"] = weight->weight;
    out["configured_weight"] = weight->configured;
  } else if (const auto* add = std::get_if<AddOrder>(&order.order)) {
    out["order"] = "add";
    out["with"] = server_object(add->server);
  } else {
    out["order"] = "remove";
  }
  out["since"] = base::utc_text(order.since);
  return out;
}

// ---- from text ----
struct ReadOrder {
  OverrideKey key;
  Override order;
};

Result<std::chrono::sys_seconds> parse_since(std::string_view text) {
  if (const auto time = base::parse_utc(text)) return *time;
  return base::fail(base::Errc::invalid, "is not a time like \"2026-11-24T12:00:00Z\"");
}

// A name, or the address of a server without one.
Result<std::string> parse_server_name(std::string_view text) {
  if (auto name = parse_name(text)) return name;
  const auto address = parse_server_address(text);
  if (address && base::to_string(*address) == text) return std::string(text);
  return base::fail(base::Errc::invalid, "is neither a server's name nor its address");
}

void read_added(yaml::Map& map, ReadOrder& read) {
  NewServer added;
  map.required("with", added, yaml::object(parse_new_server));
  added.server.name = read.key.server;
  read.order.order = AddOrder{std::move(added.server)};
}

ReadOrder parse_order(yaml::Map map) {
  ReadOrder read;
  OrderWord word = OrderWord::drain;
  map.required("pool", read.key.pool, yaml::converted(parse_name));
  map.required("server", read.key.server, yaml::converted(parse_server_name));
  map.required("order", word, yaml::one_of(kOrderWords));
  map.required("since", read.order.since, yaml::converted(parse_since));
  switch (word) {
    case OrderWord::drain:
    case OrderWord::maint:
      read.order.order =
          StateOrder{word == OrderWord::drain ? AdminState::drain : AdminState::maint};
      break;
    case OrderWord::weight: {
      WeightOrder weight;
      map.required("weight", weight.weight, yaml::between(0, kServerWeightMax));
      map.required("configured_weight", weight.configured, yaml::between(0, kServerWeightMax));
      read.order.order = weight;
      break;
    }
    case OrderWord::add:
      read_added(map, read);
      break;
    case OrderWord::remove:
      read.order.order = RemoveOrder{};
      break;
  }
  read.key.kind = kind_of(read.order.order);
  return std::move(map).finish(std::move(read));
}

// One order of a kind for each server.
bool read_orders(const yaml::Value& value, OverrideSet& set) {
  std::vector<ReadOrder> orders;
  const auto list = yaml::list_of(yaml::object(parse_order), 0, kOverridesMax);
  if (!list(value, orders)) return false;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    const OverrideKey key = orders[i].key;
    if (!set.emplace(key, std::move(orders[i].order)).second)
      value.item(i).error(
          fmt::format("server \"{}/{}\" has an order of this kind already", key.pool, key.server));
  }
  return true;
}

OverrideSet parse_root(yaml::Map map) {
  int version = 0;
  OverrideSet set;
  if (map.required("version", version, yaml::between(0, 1'000'000)) && version != 1)
    map.error(fmt::format("version {} is not one this program reads (1)", version));
  map.required("overrides", set, read_orders);
  return std::move(map).finish(std::move(set));
}

// An order comes from wherever the operator stands: a relative path would say nothing.
std::optional<std::string> relative_path(const json::object& server) {
  const json::value* tls = server.if_contains("tls");
  const json::object* files = tls == nullptr ? nullptr : tls->if_object();
  if (files == nullptr) return std::nullopt;
  for (const std::string_view key : {"ca", "certificate", "key"}) {
    const json::value* path = files->if_contains(key);
    const json::string* text = path == nullptr ? nullptr : path->if_string();
    if (text != nullptr && !text->starts_with('/'))
      return fmt::format("tls.{}: \"{}\" is not an absolute path", key, std::string_view(*text));
  }
  return std::nullopt;
}

// Where the text stops being JSON; the YAML reader would be lost in a file that is cut.
bool is_json(std::string_view text, const std::string& path, base::Diagnostics& diagnostics) {
  json::stream_parser parser;
  boost::system::error_code error;
  const std::size_t good = parser.write_some(text.data(), text.size(), error);
  if (!error && parser.done() && text.find_first_not_of(" \t\r\n", good) == std::string_view::npos)
    return true;
  const std::string_view before = text.substr(0, good);
  const auto line = static_cast<int>(1 + std::ranges::count(before, '\n'));
  const std::size_t line_start = before.rfind('\n') + 1;  // 0 without one
  const auto column = static_cast<int>(1 + good - line_start);
  diagnostics.error({path, line, column}, "",
                    error           ? fmt::format("is not JSON: {}", error.message())
                    : parser.done() ? std::string("is not JSON: something follows its end")
                                    : std::string("is not JSON: it ends too early"));
  return false;
}

// Without the place of what is not written in a file.
std::string all_text(const base::Diagnostics& diagnostics) {
  constexpr std::size_t kShown = 10;
  std::string text;
  for (const base::Finding& finding : diagnostics.findings()) {
    if (&finding - diagnostics.findings().data() == kShown) return text + "; ...";
    if (!text.empty()) text += "; ";
    if (!finding.key.empty()) text += finding.key + ": ";
    text += finding.message;
  }
  return text;
}

}  // namespace

std::string format_overrides(const OverrideSet& set) {
  std::string text = "{\"version\": 1, \"overrides\": [";
  std::string_view before = "\n  ";
  for (const auto& [key, order] : set) {
    text += before;
    text += json::serialize(order_object(key, order));
    before = ",\n  ";
  }
  return text + (set.empty() ? "]}\n" : "\n]}\n");
}

OverrideSet parse_overrides(std::string_view text, const std::string& path,
                            base::Diagnostics& diagnostics) {
  const yaml::Limits limits{.bytes_max = kOverridesBytesMax};
  const std::size_t before = diagnostics.error_count();
  if (!is_json(text, path, diagnostics)) return {};
  const yaml::TreeNode root = yaml::parse_tree(text, path, limits, diagnostics);
  if (diagnostics.error_count() != before) return {};
  yaml::Report report{diagnostics, "", nullptr};
  const yaml::Value value(report, root, "");
  if (!yaml::expect(value, yaml::Kind::map)) return {};
  return parse_root(yaml::Map(value));
}

base::Result<NewServer> parse_server_json(std::string_view body) {
  boost::system::error_code error;
  const json::value parsed = json::parse(body, error);
  if (error) return base::fail(base::Errc::invalid, "the body is not JSON: {}", error.message());
  if (!parsed.is_object())
    return base::fail(base::Errc::invalid, "the body is an object with an \"address\"");
  if (const auto fault = relative_path(parsed.get_object()))
    return base::fail(base::Errc::invalid, "{}", *fault);
  base::Diagnostics diagnostics;
  // Written anew, every escape is one the reader knows.
  const yaml::TreeNode root =
      yaml::parse_tree(json::serialize(parsed), "body", yaml::Limits{}, diagnostics);
  if (!diagnostics.has_errors()) {
    yaml::Report report{diagnostics, "", nullptr};
    const yaml::Value value(report, root, "");
    NewServer server = parse_new_server(yaml::Map(value));
    if (!diagnostics.has_errors()) return server;
  }
  return base::fail(base::Errc::invalid, "{}", all_text(diagnostics));
}

}  // namespace ravelin::gateway
