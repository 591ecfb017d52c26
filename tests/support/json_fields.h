// What a test tool is told on its standard input: fields of an object, each of which may be
// missing.
#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace ravelin::test {

inline std::string text(const boost::json::object& object, const char* key) {
  const boost::json::value* value = object.if_contains(key);
  return value == nullptr ? std::string() : std::string(value->as_string());
}

inline std::int64_t number(const boost::json::object& object, const char* key,
                           std::int64_t otherwise) {
  const boost::json::value* value = object.if_contains(key);
  return value == nullptr ? otherwise : value->as_int64();
}

inline std::vector<std::string> texts(const boost::json::object& object, const char* key) {
  std::vector<std::string> all;
  if (const boost::json::value* value = object.if_contains(key); value != nullptr)
    for (const boost::json::value& each : value->as_array())
      all.emplace_back(each.as_string());
  return all;
}

}  // namespace ravelin::test
