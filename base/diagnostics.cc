#include "base/diagnostics.h"

namespace ravelin::base {

std::string to_string(const Finding& finding) {
  std::string message =
      finding.key.empty() ? finding.message : fmt::format("{}: {}", finding.key, finding.message);
  if (finding.severity == Severity::warning) message = "warning: " + message;
  return to_string(Error{Errc::invalid, std::move(message), finding.pos});
}

void Diagnostics::error(SourcePos pos, std::string key, std::string message) {
  findings_.push_back({Severity::error, std::move(pos), std::move(key), std::move(message)});
  ++errors_;
}

void Diagnostics::warn(SourcePos pos, std::string key, std::string message) {
  findings_.push_back({Severity::warning, std::move(pos), std::move(key), std::move(message)});
}

}  // namespace ravelin::base
