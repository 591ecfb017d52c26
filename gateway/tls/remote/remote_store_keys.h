// Keys of the store's certificates that are in the key process.
#pragma once

#include "certs/view/store_follower.h"
#include "gateway/tls/remote/remote_keys.h"

namespace ravelin::gateway {

// What a StoreFollower needs to serve without reading a key. Null: they are read here.
certs::StoreKeys remote_store_keys(const std::shared_ptr<RemoteKeys>& keys);

}  // namespace ravelin::gateway
