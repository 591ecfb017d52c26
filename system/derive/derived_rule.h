// Rules of a policy that a configuration brings about, as the policy language writes them, each
// with the place it comes from. Pure values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ravelin::system {

enum class DerivedVerb : std::uint8_t { allow, deny };

struct DerivedOverload {
  std::vector<std::uint16_t> ports;     // sorted
  std::string new_connections;          // "20/s burst 40"
  std::vector<std::string> except;      // sorted
  std::vector<std::uint16_t> synproxy;  // some of the ports; sorted
  std::uint32_t mss = 0;                // that is offered for them

  friend bool operator==(const DerivedOverload&, const DerivedOverload&) = default;
};

struct DerivedRule {
  DerivedVerb verb = DerivedVerb::allow;
  std::string id;                    // of the language's form, unique in its policy
  std::vector<std::string> service;  // "tcp/443"; empty = any
  std::vector<std::string> from;     // addresses, networks, names of groups; empty = anyone
  std::vector<std::string> to;       // the same, and names of hosts
  std::string user;                  // of this host, who sends; "" = whoever
  std::uint32_t connections = 0;     // of each source at once; 0 = no limit
  std::string new_connections;       // of each source: "1000/s burst 2000"; "" = no limit
  bool is_logged = false;
  std::string note;  // "ravelin.yaml:12: listener web"

  friend bool operator==(const DerivedRule&, const DerivedRule&) = default;
};

}  // namespace ravelin::system
