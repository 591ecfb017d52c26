// Is it time to worry about the end of a certificate? Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace ravelin::certs {

enum class Worry : std::uint8_t { none, warning, critical };

struct ExpiryThresholds {
  std::optional<std::chrono::seconds>
      warning{};  // none = a quarter of the lifetime, 21 days at most
  std::optional<std::chrono::seconds> critical{};  // none = a tenth of the lifetime, 7 days at most
};

// Renewal comes long before either: whoever is worried, it has failed or nobody renews it.
// Certificates of a few days are not in trouble from their first hour.
Worry judge_expiry(std::chrono::sys_seconds not_before, std::chrono::sys_seconds not_after,
                   const ExpiryThresholds& thresholds, std::chrono::sys_seconds now);

}  // namespace ravelin::certs
