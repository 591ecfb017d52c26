// Which requests a route takes: values with their defaults.
#pragma once

#include "base/address.h"
#include "base/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ravelin::gateway {

using base::SourcePos;

enum class ValueTest : std::uint8_t {
  exact,    // there, and the whole value is the given one
  prefix,   // there, and it starts with the given text
  present,  // there, whatever its value
  absent,
};

// What a field or a query parameter of a request must be. Compared byte for byte.
struct ValueCondition {
  SourcePos pos;
  std::string name;  // of a field: letter case says nothing; of a parameter: decoded
  ValueTest test = ValueTest::exact;
  std::string value;  // for exact and prefix, else empty
};

// Of all routes of the listener that match, the most specific wins, by host, then path, then
// methods, then conditions; the order in the file says nothing:
//   host        exact > the wildcard with more labels > the wildcard with fewer > any
//   path        exact > the longer prefix > the shorter prefix > any
//   methods     given > any
//   conditions  see ConditionRank in route_conditions.h
// Two routes equal in all four that can take the same request are refused by validate().
struct RouteMatch {
  std::string host;  // lower case, no port; "" = any; "*.example.com" = one or more labels below
  std::string path;  // "" or "/" = any. Else a prefix at a segment border: "/v1" matches /v1 and
                     // /v1/…, never /v1x; "/v1/" matches /v1/ and /v1/…, never /v1. Compared byte
                     // for byte with the path of the target (no query), which is case-sensitive
  bool path_is_exact = false;             // `path_exact: /v1`: that path alone
  std::vector<std::string> methods;       // case-sensitive tokens; empty = any
  std::vector<ValueCondition> headers{};  // all must hold; lines of one name count as one value,
                                          // joined by ", " (RFC 9110 section 5.2)
  std::vector<ValueCondition> query{};    // all must hold; of a repeated parameter the first counts
  std::vector<base::IpPrefix> from{};     // the client is in one of these; empty = any client
};

}  // namespace ravelin::gateway
