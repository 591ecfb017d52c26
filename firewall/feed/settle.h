// Entries as they came to entries as sets want them: sorted, each once, without overlap, and
// without what must never be in them. Pure; any thread.
#pragma once

#include "firewall/feed/keys.h"

#include <vector>

namespace ravelin::firewall::feed {

// Hosts are sorted, unique and outside of every net; nets are sorted and do not touch. `never` is
// sorted and without overlap; a piece of a net that is left with one address becomes a host.
template <class Key>
void settle(Gathered<Key>& gathered, const std::vector<Interval<Key>>& never);

extern template void settle(Gathered<Key4>&, const std::vector<Interval<Key4>>&);
extern template void settle(Gathered<Key6>&, const std::vector<Interval<Key6>>&);

}  // namespace ravelin::firewall::feed
