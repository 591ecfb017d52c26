// Which paths a process needs because of a configuration. Pure.
#pragma once

#include "certs/config/certs_config.h"
#include "gateway/config/config.h"
#include "messages/message.h"
#include "system/keys/key_list.h"

#include <vector>

namespace ravelin::system {

// Of the gateway: each path once, sorted. What is replaced by renaming is granted with its folder.
// What every program needs (libraries, name service) is not among them.
std::vector<messages::PathGranted> gateway_grants(const gateway::Config& config);

// Of the process that renews certificates; none where the configuration has no store.
std::vector<messages::PathGranted> certs_grants(const gateway::Config& config,
                                                const certs::CertsConfig& certs);

// Of the firewall's agent, where `ravelin run` has one: what it follows, keeps, and is asked at. It
// reads besides what its policy includes.
std::vector<messages::PathGranted> firewall_grants(const gateway::Config& config);

// Of the key process.
std::vector<messages::PathGranted> keys_grants(const KeyList& keys);

// Those of `next` that `now` does not cover.
std::vector<messages::PathGranted> beyond(const std::vector<messages::PathGranted>& now,
                                          const std::vector<messages::PathGranted>& next);

}  // namespace ravelin::system
