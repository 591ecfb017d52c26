// Whose connections begin with a PROXY protocol header. Pure; any thread.
#pragma once

#include "gateway/config/listener_config.h"

#include <algorithm>
#include <span>

namespace ravelin::gateway {

// `peer` is null for whoever connected to a Unix socket.
inline bool is_proxy_source(std::span<const ProxySource> sources, const base::IpAddress* peer) {
  return std::ranges::any_of(sources, [peer](const ProxySource& source) {
    return peer == nullptr ? source.is_unix : !source.is_unix && source.prefix.contains(*peer);
  });
}

}  // namespace ravelin::gateway
