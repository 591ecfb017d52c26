// Reading the members of one JSON object of a file of ours: what is missing or of another type is
// remembered, and asked for once at the end. Pure; any thread.
#pragma once

#include "base/result.h"

#include <boost/json.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

class JsonMembers {
 public:
  // Errors: not JSON, no object. `what` is the thing as errors call it: "the record of a
  // generation".
  static base::Result<JsonMembers> parse(std::string_view text, std::string_view what);

  std::string text(std::string_view key);
  std::uint64_t number(std::string_view key);
  std::chrono::sys_seconds time(std::string_view key);  // Unix time
  std::vector<std::string> texts(std::string_view key);
  bool flag(std::string_view key);
  // The object of that key; nullptr = not there.
  boost::json::object* object(std::string_view key);
  boost::json::array* array(std::string_view key);

  [[nodiscard]] bool has(std::string_view key) const { return object_.contains(key); }

  // Error: a member that was asked for was not there; names the first.
  [[nodiscard]] base::Result<> whole() const;

  explicit JsonMembers(boost::json::object object, std::string_view what)
      : object_(std::move(object)), what_(what) {}

 private:
  boost::json::value* take(std::string_view key, boost::json::kind kind);

  boost::json::object object_;
  std::string what_;
  std::string missing_;
};

}  // namespace ravelin::certs
