// The staples of a listener's certificates: looked at, reported, and gathered for its TLS side. The
// control thread.
#pragma once

#include "gateway/runtime/build_snapshot.h"
#include "gateway/tls/staple_list.h"

#include <memory>
#include <string>

namespace ravelin::gateway {

// Looks at every staple file; logs what is new. True: what is stapled has changed.
bool look_at_staples(ListenerMaterials& materials, const std::string& listener, base::WallTime now);

// Null when there is nothing to staple.
std::shared_ptr<const StapleList> staples_of(const ListenerMaterials& materials);

}  // namespace ravelin::gateway
