// What a gateway answers to the process that renews certificates, and what it shows of it: status,
// metrics. Control thread.
#pragma once

#include "gateway/runtime/gateway.h"
#include "system/renewal/renewal_link.h"

namespace ravelin::system {

// Once the gateway serves. `renewal` outlives it.
void connect(gateway::Gateway& gateway, RenewalLink& renewal);

// Before it goes.
void disconnect(gateway::Gateway& gateway, RenewalLink& renewal);

// The next few, and the last failure of all. Pure.
gateway::RenewalOutlook outlook_of(const RenewalReport& report);

}  // namespace ravelin::system
