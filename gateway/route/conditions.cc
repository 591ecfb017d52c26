#include "gateway/route/conditions.h"

#include "base/text.h"

#include <algorithm>

namespace ravelin::gateway {
namespace {

// Compares pieces of text, as they come, with one whole text.
class Comparison {
 public:
  explicit Comparison(std::string_view wanted) : left_(wanted) {}

  void take(std::string_view piece) {
    const std::size_t common = std::min(piece.size(), left_.size());
    differs_ = differs_ || piece.substr(0, common) != left_.substr(0, common);
    is_longer_ = is_longer_ || piece.size() > common;
    left_.remove_prefix(common);
  }

  // How the pieces so far stand to the text.
  [[nodiscard]] bool is_equal() const { return starts_with_it() && !is_longer_; }

  [[nodiscard]] bool starts_with_it() const { return !differs_ && left_.empty(); }

 private:
  std::string_view left_;
  bool differs_ = false;
  bool is_longer_ = false;
};

bool is_met(const ValueCondition& condition, bool is_present, const Comparison& comparison) {
  switch (condition.test) {
    case ValueTest::exact:
      return is_present && comparison.is_equal();
    case ValueTest::prefix:
      return is_present && comparison.starts_with_it();
    case ValueTest::present:
      return is_present;
    case ValueTest::absent:
      return !is_present;
  }
  return false;
}

// The next character of a query, decoded; a "%" without two digits stands for itself.
char take_decoded(std::string_view& text) {
  const char c = text.front();
  if (c == '%' && text.size() >= 3) {
    const int high = base::hex_value(text[1]);
    const int low = base::hex_value(text[2]);
    if (high >= 0 && low >= 0) {
      text.remove_prefix(3);
      return static_cast<char>(high * 16 + low);
    }
  }
  text.remove_prefix(1);
  return c == '+' ? ' ' : c;
}

Comparison compare_decoded(std::string_view wanted, std::string_view encoded) {
  Comparison comparison(wanted);
  while (!encoded.empty()) {
    const char c = take_decoded(encoded);
    comparison.take({&c, 1});
  }
  return comparison;
}

}  // namespace

bool field_holds(const ValueCondition& condition, FieldId id, const FieldList& fields) {
  Comparison comparison(condition.value);
  bool is_present = false;
  if (id != FieldId::unknown && !fields.has(id)) return is_met(condition, false, comparison);
  for (const Field& field : fields) {
    if (field.id != id) continue;
    if (id == FieldId::unknown && !base::iequals(field.name, condition.name)) continue;
    if (is_present) comparison.take(", ");
    comparison.take(field.value);
    is_present = true;
  }
  return is_met(condition, is_present, comparison);
}

bool parameter_holds(const ValueCondition& condition, std::string_view query) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t name_end = std::min(pair.find('='), pair.size());
    if (!compare_decoded(condition.name, pair.substr(0, name_end)).is_equal()) continue;
    const std::string_view value = pair.substr(std::min(name_end + 1, pair.size()));
    return is_met(condition, true, compare_decoded(condition.value, value));
  }
  return is_met(condition, false, Comparison(condition.value));
}

bool contains(std::span<const base::IpPrefix> clients, const base::IpAddress& client) {
  return std::ranges::any_of(
      clients, [&client](const base::IpPrefix& prefix) { return prefix.contains(client); });
}

bool admits_client(const RouteConfig& route, const base::IpAddress& client) {
  if (contains(route.deny, client)) return false;
  return route.allow.empty() || contains(route.allow, client);
}

Conditions::Conditions(const RouteMatch& match) : query_(match.query), from_(match.from) {
  for (const ValueCondition& condition : match.headers)
    headers_.emplace_back(condition, find_field(condition.name));
}

bool Conditions::hold(const RequestTraits& request) const {
  if (!from_.empty() && (request.client == nullptr || !contains(from_, *request.client)))
    return false;
  const bool headers_hold = std::ranges::all_of(headers_, [&request](const auto& header) {
    const auto& [condition, id] = header;
    if (request.fields == nullptr) return condition.test == ValueTest::absent;
    return field_holds(condition, id, *request.fields);
  });
  return headers_hold && std::ranges::all_of(query_, [&request](const ValueCondition& condition) {
           return parameter_holds(condition, request.query);
         });
}

}  // namespace ravelin::gateway
