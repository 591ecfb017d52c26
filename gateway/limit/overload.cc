#include "gateway/limit/overload.h"

#include <algorithm>

namespace ravelin::gateway {
namespace {

constexpr std::array<OverloadAction, kOverloadActions> kActions = {
    OverloadAction::stop_keep_alive, OverloadAction::refuse_connections,
    OverloadAction::shed_requests};
constexpr std::array<OverloadResource, kOverloadResources> kResources = {
    OverloadResource::memory, OverloadResource::descriptors, OverloadResource::lag,
    OverloadResource::requests};

const OverloadThresholds& thresholds_of(const OverloadConfig& config, OverloadAction action) {
  switch (action) {
    case OverloadAction::stop_keep_alive:
      return config.stop_keep_alive;
    case OverloadAction::refuse_connections:
      return config.refuse_connections;
    case OverloadAction::shed_requests:
      break;
  }
  return config.shed_requests;
}

}  // namespace

std::string_view to_string(OverloadAction action) {
  constexpr std::array<std::string_view, kOverloadActions> kNames = {
      "stop_keep_alive", "refuse_connections", "shed_requests"};
  return kNames[static_cast<std::size_t>(action)];
}

std::string_view to_string(OverloadResource resource) {
  constexpr std::array<std::string_view, kOverloadResources> kNames = {"memory", "descriptors",
                                                                       "lag", "requests"};
  return kNames[static_cast<std::size_t>(resource)];
}

bool is_reason_for(OverloadResource resource, OverloadAction action) {
  switch (resource) {
    case OverloadResource::memory:
    case OverloadResource::descriptors:
      return true;
    case OverloadResource::lag:
      return action != OverloadAction::stop_keep_alive;
    case OverloadResource::requests:
      break;
  }
  return false;
}

OverloadResource strongest_reason(const OverloadPressure& pressure, OverloadAction action) {
  OverloadResource strongest = OverloadResource::memory;
  for (const OverloadResource resource : kResources) {
    if (is_reason_for(resource, action) && pressure[resource] > pressure[strongest])
      strongest = resource;
  }
  return strongest;
}

OverloadActions plan_overload(OverloadActions before, const OverloadPressure& pressure,
                              const OverloadConfig& config) {
  OverloadActions due;
  for (const OverloadAction action : kActions) {
    const OverloadThresholds& thresholds = thresholds_of(config, action);
    if (thresholds.enter == 0) continue;
    const std::uint32_t percent = pressure[strongest_reason(pressure, action)];
    const bool stays = before.has(action) && percent > thresholds.leave;
    if (percent >= thresholds.enter || stays) due.set(action);
  }
  return due;
}

std::uint32_t percent_of(std::uint64_t used, std::uint64_t limit) {
  constexpr std::uint64_t kMost = 1000;
  if (limit == 0) return 0;
  const double percent = static_cast<double>(used) * 100.0 / static_cast<double>(limit);
  return static_cast<std::uint32_t>(std::min<double>(percent, kMost));
}

}  // namespace ravelin::gateway
