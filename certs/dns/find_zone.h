// Where a record belongs: the name aliases lead to, and the zone that name is in. Blocks, within a
// patience.
#pragma once

#include "certs/dns/name_server.h"

#include <string>
#include <vector>

namespace ravelin::certs::dns {

inline constexpr int kAliasesMax = 8;  // CNAMEs, one after the other

// The end of the aliases that begin at `name`: as `server` knows them, and of what it is not the
// authority for, as the first of `resolvers` that answers does. One that is asked in vain knows no
// alias. Error: too many.
Result<std::string> follow_aliases(NameServer& server, const std::vector<std::string>& resolvers,
                                   std::string name, const Patience& patience);

// Error: the server has no zone with that name in it.
Result<std::string> find_zone(NameServer& server, const std::string& name,
                              const Patience& patience);

}  // namespace ravelin::certs::dns
