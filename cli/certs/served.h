// What people who wait are told after a change: what is served now, and how to go back.
#pragma once

#include "cli/certs/desk.h"

#include <boost/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace ravelin::cli {

// {"name", "before", "generation", "issuer", "names", "not_after"}
boost::json::object served_json(const std::string& name, std::uint64_t before,
                                const certs::GenerationInfo& info);

// Waits for the running gateway first (CertsDesk::await_gateway), then asks its listeners what they
// show: a generation that clients would not take is taken back at once. `notes`: a line each, in
// front.
ExitCode print_served(CertsDesk& desk, const CertsFlags& flags, const std::string& name,
                      std::uint64_t before, const certs::GenerationInfo& info,
                      const std::vector<std::string>& notes = {});

// The one that says more to a script.
inline ExitCode worse(ExitCode a, ExitCode b) {
  return static_cast<int>(a) > static_cast<int>(b) ? a : b;
}

}  // namespace ravelin::cli
