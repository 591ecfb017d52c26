// The rules for the certificates above a leaf; the second half of validate_pair. Pure; any thread.
#pragma once

#include "certs/validate_pair.h"

namespace ravelin::certs {

// Collects findings in the order found.
struct Findings {
  std::vector<PairFinding> list;

  template <class... Args>
  void error(PairCode code, fmt::format_string<Args...> format, Args&&... args) {
    list.push_back({code, base::Severity::error, fmt::format(format, std::forward<Args>(args)...)});
  }

  template <class... Args>
  void warn(PairCode code, fmt::format_string<Args...> format, Args&&... args) {
    list.push_back(
        {code, base::Severity::warning, fmt::format(format, std::forward<Args>(args)...)});
  }
};

void check_chain(const Chain& chain, const PairNames& names, base::WallTime now, Findings& out);

}  // namespace ravelin::certs
