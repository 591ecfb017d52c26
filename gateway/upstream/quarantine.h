// Which servers nobody is to connect to now, by what their pools say of their states. Pure.
#pragma once

#include "base/address.h"
#include "gateway/config/pool_config.h"
#include "gateway/upstream/server.h"

#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

// `state` as Verdict has it.
bool is_quarantined(const PoolConfig& pool, std::string_view state);

struct ServerStanding {
  bool is_quarantined = false;
  std::shared_ptr<const AddressList> addresses;
};

// Addresses that belong to no server but such that are cut off; sorted. Those of Unix sockets and
// of loopback are not among them: no firewall stands before those.
std::vector<base::IpEndpoint> quarantined(std::span<const ServerStanding> servers);

}  // namespace ravelin::gateway
