// Conditions: what a route asks of a request beyond host, path and method: its header fields, its
// query, the client's address. Made once per snapshot; asked per request, in time linear in the
// head. Pure, no allocation; any thread.
#pragma once

#include "gateway/config/route_config.h"
#include "gateway/http/fields.h"

#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace ravelin::gateway {

// What conditions are asked of; borrows. Without a client no `from` holds.
struct RequestTraits {
  const FieldList* fields = nullptr;  // null: a request without fields
  std::string_view query;             // raw, without "?"
  const base::IpAddress* client = nullptr;
};

// Lines of one name count as one value, joined by ", ". Letter case counts in values alone.
bool field_holds(const ValueCondition& condition, FieldId id, const FieldList& fields);

// Names and values of the query are compared decoded (%XX, "+" is a space); of a repeated parameter
// the first counts; one without "=" has the empty value.
bool parameter_holds(const ValueCondition& condition, std::string_view query);

bool contains(std::span<const base::IpPrefix> clients, const base::IpAddress& client);

// `deny` and `allow` of a route.
bool admits_client(const RouteConfig& route, const base::IpAddress& client);

class Conditions {
 public:
  explicit Conditions(const RouteMatch& match);

  [[nodiscard]] bool hold(const RequestTraits& request) const;

 private:
  std::vector<std::pair<ValueCondition, FieldId>> headers_;
  std::vector<ValueCondition> query_;
  std::vector<base::IpPrefix> from_;
};

}  // namespace ravelin::gateway
