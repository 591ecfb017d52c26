// Diagnostics: every finding about the operator's input, in the order found, so that all are
// reported at once. Pure values; any thread.
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace ravelin::base {

enum class Severity { error, warning };

struct Finding {
  Severity severity = Severity::error;
  SourcePos pos;
  std::string key;      // "listeners[0].routes[2].pool"; empty when it concerns the file
  std::string message;  // lower case, no full stop

  friend bool operator==(const Finding&, const Finding&) = default;
};

// "path:line:column: key: message"; a warning reads "path:line:column: warning: key: message".
[[nodiscard]] std::string to_string(const Finding& finding);

class Diagnostics {
 public:
  void error(SourcePos pos, std::string key, std::string message);
  void warn(SourcePos pos, std::string key, std::string message);

  [[nodiscard]] bool has_errors() const { return errors_ != 0; }

  [[nodiscard]] std::size_t error_count() const { return errors_; }

  [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }

 private:
  std::vector<Finding> findings_;
  std::size_t errors_ = 0;
};

}  // namespace ravelin::base
