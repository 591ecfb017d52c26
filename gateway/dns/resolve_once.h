// One name resolved here and now, as the gateway would: for `ravelin check`. Blocks.
#pragma once

#include "gateway/config/dns_config.h"

#include <string>

namespace ravelin::gateway {

// Empty when the name has an address, else why not. Tries each name server once.
std::string resolve_once(const DnsConfig& config, const std::string& name);

}  // namespace ravelin::gateway
