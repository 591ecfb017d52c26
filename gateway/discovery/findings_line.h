// Findings of a file in one line of the log. Pure.
#pragma once

#include "base/diagnostics.h"

#include <fmt/format.h>

#include <string>

namespace ravelin::gateway {

// "servers.yaml:3:5: address: …; …; and 12 more"
inline std::string findings_line(const base::Diagnostics& diagnostics) {
  constexpr std::size_t kShown = 4;
  std::string text;
  const std::vector<base::Finding>& findings = diagnostics.findings();
  for (std::size_t i = 0; i < findings.size() && i < kShown; ++i)
    text += (i == 0 ? "" : "; ") + base::to_string(findings[i]);
  if (findings.size() > kShown) text += fmt::format("; and {} more", findings.size() - kShown);
  return text;
}

}  // namespace ravelin::gateway
