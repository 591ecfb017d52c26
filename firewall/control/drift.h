// Whether the table in the kernel is still what was put there. Pure; any thread.
#pragma once

#include "firewall/kernel/kernel.h"

#include <optional>
#include <string>
#include <vector>

namespace ravelin::firewall {

// The differences in words, one a line; empty: none. What rules counted does not matter; a rule
// that was taken out and put back has another handle and is told.
std::vector<std::string> drift(const std::optional<LiveTable>& expected,
                               const std::optional<LiveTable>& found);

// Whether a table has the outline of a ruleset: its sets, its chains and the comments of its rules.
bool has_outline(const LiveTable& table, const Ruleset& ruleset);

}  // namespace ravelin::firewall
