// Our table as the kernel has it, read in several answers that belong to one generation. One
// thread.
#pragma once

#include "firewall/kernel/channel.h"

#include <optional>

namespace ravelin::firewall {

// The table alone: its comment, flags and owner. None: it does not exist.
Result<std::optional<LiveTable>> read_header(Channel& channel);

// With names of sets and chains, and rules. Begins anew when somebody changes the ruleset
// meanwhile; Errc::conflict when that never ends.
Result<std::optional<LiveTable>> read_table(Channel& channel);

// Of a set of our table. None: it does not exist.
Result<std::optional<SetShape>> read_shape(Channel& channel, const std::string& set);

}  // namespace ravelin::firewall
