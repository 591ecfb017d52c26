// A question of `ravelin firewall` being read: members of a JSON object with their types and
// limits; the first that is wrong is what the answer says. Pure; one thread.
#pragma once

#include "base/address.h"
#include "base/result.h"

#include <boost/json.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ravelin::firewall {

class Question {
 public:
  explicit Question(const boost::json::object& object) : object_(object) {}

  [[nodiscard]] std::string text(std::string_view key);  // required, not empty
  [[nodiscard]] std::string text_or(std::string_view key, std::string_view otherwise);
  [[nodiscard]] bool flag(std::string_view key);  // missing: false
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view key);
  [[nodiscard]] std::optional<std::chrono::seconds> duration(std::string_view key);  // in seconds
  [[nodiscard]] base::IpPrefix prefix(std::string_view key);                         // required
  [[nodiscard]] std::optional<base::IpAddress> address(std::string_view key);

  // What was wrong; none: all was read.
  [[nodiscard]] const std::optional<base::Error>& error() const { return error_; }

 private:
  void refuse(std::string_view key, std::string_view rule);
  [[nodiscard]] const boost::json::value* find(std::string_view key) const;

  const boost::json::object& object_;
  std::optional<base::Error> error_;
};

}  // namespace ravelin::firewall
