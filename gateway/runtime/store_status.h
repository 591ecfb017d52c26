// The certificate store as operators see it: state, one certificate, metrics. Control thread.
#pragma once

#include "gateway/admin/admin_backend.h"
#include "gateway/observe/metric_registry.h"
#include "gateway/runtime/gateway.h"

#include <string_view>

namespace ravelin::gateway {

StoreStatus store_status(const Gateway& gateway);

base::Result<StoredCertificateStatus> stored_certificate(const Gateway& gateway,
                                                         std::string_view name);

base::Result<ChallengeStatus> challenge_status(const Gateway& gateway, std::string_view token);

void collect_store(const Gateway& gateway, MetricSamples& samples);

}  // namespace ravelin::gateway
