// Whether the table in the kernel is still what was put there. Pure; any thread.
#pragma once

#include "firewall/diff/stages.h"
#include "firewall/kernel/kernel.h"

#include <optional>
#include <string>
#include <vector>

namespace ravelin::firewall {

// The differences in words, one a line; empty: none. What rules counted does not matter; a rule
// that was taken out and put back has another handle and is told.
std::vector<std::string> drift(const std::optional<LiveTable>& expected,
                               const std::optional<LiveTable>& found);

// The same against what a ruleset would be, when it is not known which handles its rules were
// given: its sets, its chains and the comments of their rules in order.
std::vector<std::string> outline_drift(const Ruleset& expected,
                                       const std::optional<LiveTable>& found);

// A ruleset under the names a table has it by: changes give chains and sets other names (stages.h),
// which a new process can only tell from the table itself.
Ruleset named_as(const Ruleset& ruleset, const std::optional<LiveTable>& table);

}  // namespace ravelin::firewall
