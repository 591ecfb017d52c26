#include "gateway/config/parse_route_rules.h"

#include "base/text.h"
#include "gateway/config/field_names.h"
#include "gateway/config/parse_match.h"
#include "gateway/config/words.h"

#include <charconv>

namespace ravelin::gateway {
namespace {

constexpr std::size_t kPartsMax = 16;
constexpr std::size_t kFieldsMax = 16;  // in each of set, add and remove

SplitPart parse_split_part(yaml::Map map) {
  SplitPart part;
  part.pos = map.pos();
  map.required("pool", part.pool, yaml::converted(parse_name));
  map.required("weight", part.weight, yaml::between(0, 1'000'000));
  return std::move(map).finish(std::move(part));
}

Result<std::string> parse_sticky_header(std::string_view text) {
  if (const auto checked = check_matched_field(text); !checked) return checked.error();
  return std::string(text);
}

SplitStickiness parse_sticky(yaml::Map map) {
  SplitStickiness sticky;
  if (map.optional("header", sticky.name, yaml::converted(parse_sticky_header)))
    sticky.by = SplitStickiness::By::header;
  if (map.optional("cookie", sticky.name, yaml::converted(parse_cookie_name)))
    sticky.by = SplitStickiness::By::cookie;
  if (map.has("header") == map.has("cookie"))
    map.error("must have one of \"header\" and \"cookie\"");
  return std::move(map).finish(std::move(sticky));
}

RewriteRule parse_rewrite(yaml::Map map) {
  RewriteRule rule;
  map.optional("prefix", rule.path, yaml::converted(parse_route_path));
  if (map.optional("path", rule.path, yaml::converted(parse_route_path)))
    rule.kind = RewriteRule::Kind::path;
  if (map.has("prefix") == map.has("path")) map.error("must have one of \"prefix\" and \"path\"");
  return std::move(map).finish(std::move(rule));
}

using ParseField = Result<std::string> (*)(std::string_view);

// A map of field names, each with its template.
auto fields_named_by(ParseField parse) {
  return [parse](const yaml::Value& value, std::vector<FieldRules::Rule>& target) {
    if (!yaml::expect(value, yaml::Kind::map)) return false;
    const std::size_t size = value.node().members.size();
    if (size == 0 || size > kFieldsMax) {
      value.error(fmt::format("names {} fields; 1 to {} are allowed", size, kFieldsMax));
      return false;
    }
    yaml::Map map(value);
    for (const auto& member : value.node().members) {
      const yaml::Value written = map.value(member.key);
      FieldRules::Rule rule{.name = member.key, .value = {}};
      if (const auto name = parse(member.key); !name) {
        written.error(fmt::format("\"{}\" {}", member.key, name.error().message));
      } else if (yaml::converted(parse_field_template)(written, rule.value)) {
        target.push_back(std::move(rule));
      }
    }
    std::move(map).finish();
    return true;
  };
}

auto rules_for(ParseField parse) {
  return yaml::object([parse](yaml::Map map) {
    FieldRules rules;
    map.optional("remove", rules.remove,
                 yaml::one_or_list_of(yaml::converted(parse), 1, kFieldsMax));
    map.optional("set", rules.set, fields_named_by(parse));
    map.optional("add", rules.add, fields_named_by(parse));
    if (!map.has("remove") && !map.has("set") && !map.has("add"))
      map.error("is empty; write \"set\", \"add\" or \"remove\"");
    return std::move(map).finish(std::move(rules));
  });
}

// "404" or "5xx".
bool read_statuses(std::string_view key, ErrorPageConfig& page) {
  if (key == "4xx" || key == "5xx") {
    page.first_status = key == "4xx" ? 400 : 500;
    page.last_status = page.first_status + 99;
    return true;
  }
  const auto status = base::parse_u64(key);
  if (!status || key.size() != 3 || *status < 400 || *status > 599) return false;
  page.first_status = page.last_status = static_cast<int>(*status);
  return true;
}

MaintenanceConfig parse_maintenance(yaml::Map map) {
  using namespace std::chrono_literals;
  MaintenanceConfig maintenance;
  maintenance.pos = map.pos();
  map.optional("page", maintenance.page, yaml::path());
  map.optional("retry_after", maintenance.retry_after, yaml::between(1s, 24h * 7));
  map.optional("except", maintenance.except, read_clients);
  return std::move(map).finish(std::move(maintenance));
}

// Quoted in a WWW-Authenticate field (RFC 7617 section 2).
Result<std::string> parse_realm(std::string_view text) {
  constexpr std::size_t kBytesMax = 128;
  if (text.size() > kBytesMax)
    return base::fail(base::Errc::invalid, "is longer than {} bytes", kBytesMax);
  if (text.find_first_of("\"\\") != text.npos)
    return base::fail(base::Errc::invalid, "has a quote or backslash in it");
  return parse_field_value(text);
}

BasicAuthConfig parse_basic_auth(yaml::Map map) {
  BasicAuthConfig auth;
  auth.pos = map.pos();
  map.optional("realm", auth.realm, yaml::converted(parse_realm));
  map.required("users", auth.users, yaml::path());
  return std::move(map).finish(std::move(auth));
}

HedgeConfig parse_hedge(yaml::Map map) {
  using namespace std::chrono_literals;
  HedgeConfig hedge;
  hedge.pos = map.pos();
  map.required("after", hedge.after, yaml::between(10ms, 1min));
  map.optional("percent_max", hedge.percent_max, yaml::between(1, 100));
  return std::move(map).finish(hedge);
}

bool read_share(const yaml::Value& value, double& percent) {
  constexpr double kLeast = 0.001;
  const std::string* text = value.scalar("a number");
  if (text == nullptr) return false;
  double given = 0;
  const char* const end = text->data() + text->size();
  const auto [read, error] = std::from_chars(text->data(), end, given);
  const bool is_number = error == std::errc() && read == end;
  if (!is_number || (given != 0 && !(given >= kLeast && given <= 100))) {
    value.error(
        fmt::format("\"{}\" is not 0 for none, nor a number from {} to 100", *text, kLeast));
    return false;
  }
  percent = given;
  return true;
}

MirrorConfig parse_mirror(yaml::Map map) {
  using namespace std::chrono_literals;
  MirrorConfig mirror;
  mirror.pos = map.pos();
  map.required("pool", mirror.pool, yaml::converted(parse_name));
  map.optional("percent", mirror.percent, read_share);
  map.optional("body_max", mirror.body_bytes_max, yaml::bytes(0, 16ULL * 1024 * 1024));
  map.optional("in_flight_max", mirror.in_flight_max, yaml::between(1, 10'000));
  map.optional("timeout", mirror.timeout, yaml::between(10ms, 10min));
  return std::move(map).finish(std::move(mirror));
}

}  // namespace

bool read_error_pages(const yaml::Value& value, std::vector<ErrorPageConfig>& target) {
  if (!yaml::expect(value, yaml::Kind::map)) return false;
  yaml::Map map(value);
  for (const auto& member : value.node().members) {
    const yaml::Value written = map.value(member.key);
    ErrorPageConfig page{.pos = written.pos()};
    if (!read_statuses(member.key, page)) {
      written.error(
          fmt::format("\"{}\" is no status of a failure (400 to 599, 4xx or 5xx)", member.key));
    } else if (yaml::path()(written, page.path)) {
      target.push_back(std::move(page));
    }
  }
  if (value.node().members.empty()) map.error("is empty; write at least one status");
  std::move(map).finish();
  return true;
}

void parse_route_rules(yaml::Map& map, RouteConfig& route) {
  map.optional("split", route.split, yaml::list_of(yaml::object(parse_split_part), 2, kPartsMax));
  map.optional("sticky", route.sticky, yaml::object(parse_sticky));
  map.optional("rewrite", route.rewrite, yaml::object(parse_rewrite));
  map.optional("request_headers", route.request_headers, rules_for(parse_request_field));
  map.optional("response_headers", route.response_headers, rules_for(parse_response_field));
  map.optional("error_pages", route.error_pages, read_error_pages);
  map.optional("basic_auth", route.basic_auth, yaml::object(parse_basic_auth));
  map.optional("maintenance", route.maintenance, yaml::object(parse_maintenance));
  map.optional("hedge", route.hedge, yaml::object(parse_hedge));
  map.optional("mirror", route.mirror, yaml::object(parse_mirror));
}

}  // namespace ravelin::gateway
