// What nft leaves out of a listing: a match of a protocol that a later field implies, so that
// `meta l4proto tcp` before `th dport 22` becomes `tcp dport 22`. Pure; any thread.
#pragma once

#include "firewall/ruleset/ruleset.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace ravelin::firewall::nft {

struct Listed {
  const Statement* statement;
  // The transport protocol the rule has settled on before this statement; names its ports.
  std::optional<std::uint8_t> l4proto;
};

// The statements of a rule that nft prints, in order.
std::vector<Listed> listed_statements(const Rule& rule);

}  // namespace ravelin::firewall::nft
