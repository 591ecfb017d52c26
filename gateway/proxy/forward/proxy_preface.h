// What a server that wants the PROXY protocol gets in front of a connection made for one request.
// One worker's thread.
#pragma once

#include "gateway/proxy/proxy.h"

#include <string>

namespace ravelin::gateway {

// `config.version` is not off.
std::string proxy_preface(const UpstreamProxyConfig& config, const ClientInfo& client,
                          std::string_view request_id);

}  // namespace ravelin::gateway
