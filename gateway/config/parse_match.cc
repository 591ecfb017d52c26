#include "gateway/config/parse_match.h"

#include "gateway/config/field_names.h"
#include "gateway/config/places.h"
#include "gateway/config/route_conditions.h"
#include "gateway/config/words.h"

namespace ravelin::gateway {
namespace {

constexpr std::size_t kConditionsMax = 16;  // headers, and again query parameters, of a route
constexpr std::size_t kClientsMax = 1'024;  // prefixes in one list
constexpr std::size_t kMethodsMax = 64;

// { prefix: v1 } or { present: true }.
bool read_test(yaml::Map map, ValueCondition& condition) {
  bool is_present = true;
  const bool has_prefix = map.optional("prefix", condition.value);
  const bool has_present = map.optional("present", is_present);
  if (map.has("prefix") == map.has("present")) {
    map.error("must be a value, or a map with one of \"prefix\" and \"present\"");
  }
  condition.test = has_prefix                  ? ValueTest::prefix
                   : has_present && is_present ? ValueTest::present
                                               : ValueTest::absent;
  std::move(map).finish();
  return has_prefix != has_present;
}

bool read_condition(const yaml::Value& value, ValueCondition& condition) {
  condition.pos = value.pos();
  if (value.is(yaml::Kind::map)) return read_test(yaml::Map(value), condition);
  return yaml::read(value, condition.value);
}

// A map of names, each with what its value must be.
template <class Check>
auto conditions_named_by(Check check, NameCase names) {
  return [check, names](const yaml::Value& value, std::vector<ValueCondition>& target) {
    if (!yaml::expect(value, yaml::Kind::map)) return false;
    const std::size_t size = value.node().members.size();
    if (size == 0 || size > kConditionsMax) {
      value.error(fmt::format("names {} conditions; 1 to {} are allowed", size, kConditionsMax));
      return false;
    }
    yaml::Map map(value);
    for (const auto& member : value.node().members) {
      const yaml::Value written = map.value(member.key);
      ValueCondition condition;
      if (const auto name = check(member.key); !name) {
        written.error(fmt::format("\"{}\" {}", member.key, name.error().message));
        continue;
      }
      condition.name = member.key;
      if (!read_condition(written, condition)) continue;
      const ValueCondition* twin = find_condition(target, condition.name, names);
      if (twin != nullptr) {
        written.error(fmt::format("contradicts the condition on the same name at {}; keep one",
                                  place_text(twin->pos)));
        continue;
      }
      target.push_back(std::move(condition));
    }
    std::move(map).finish();
    return true;
  };
}

Result<void> check_parameter_name(std::string_view text) {
  constexpr std::size_t kNameBytesMax = 256;
  if (text.empty() || text.size() > kNameBytesMax)
    return base::fail(base::Errc::invalid, "is not a parameter (1 to {} bytes)", kNameBytesMax);
  return {};
}

}  // namespace

bool read_clients(const yaml::Value& value, std::vector<base::IpPrefix>& target) {
  return yaml::one_or_list_of(yaml::converted(base::parse_prefix), 1, kClientsMax)(value, target);
}

RouteMatch parse_match(yaml::Map map) {
  RouteMatch match;
  map.optional("host", match.host, yaml::converted(parse_host_pattern));
  map.optional("path", match.path, yaml::converted(parse_route_path));
  if (map.has("path") && map.has("path_exact")) map.error("has both \"path\" and \"path_exact\"");
  match.path_is_exact = map.optional("path_exact", match.path, yaml::converted(parse_route_path));
  map.optional("methods", match.methods,
               yaml::one_or_list_of(yaml::converted(parse_method), 1, kMethodsMax));
  map.optional("headers", match.headers,
               conditions_named_by(check_matched_field, NameCase::ignored));
  map.optional("query", match.query, conditions_named_by(check_parameter_name, NameCase::counts));
  map.optional("from", match.from, read_clients);
  return std::move(map).finish(std::move(match));
}

}  // namespace ravelin::gateway
