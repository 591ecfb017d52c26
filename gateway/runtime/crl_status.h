// The revocation lists of clients, as operators see them: status and metrics. Control thread.
#pragma once

#include "gateway/admin/admin_backend.h"
#include "gateway/observe/metric_registry.h"
#include "gateway/runtime/gateway.h"

#include <vector>

namespace ravelin::gateway {

std::vector<ClientCrlStatus> client_crls_of(const Gateway& gateway, base::WallTime now);
// Of those that were asked since the start.
std::vector<CrlSourceStatus> crl_sources_of(const Gateway& gateway);

void collect_crls(const Gateway& gateway, MetricSamples& samples);

}  // namespace ravelin::gateway
