// Cuts a case down while it still fails. Pure; any thread.
#pragma once

#include "tests/firewall/oracles/case.h"

#include <functional>

namespace ravelin::firewall::oracles {

using Fails = std::function<bool(const Case&)>;

// `asked` fails; so does the answer, but nothing can be taken from it any more: no list, rule, nat
// entry, zone, service, attribute, range or packet.
Case shrunk(Case asked, const Fails& fails);

}  // namespace ravelin::firewall::oracles
