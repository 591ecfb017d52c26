// How much one client may ask of a route: values with their defaults.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace ravelin::gateway {

// Whose requests are counted together.
struct LimitKeyConfig {
  enum class Kind : std::uint8_t {
    client,       // IPv4 address or IPv6 /64, behind trusted proxies the client's
    header,       // the value of a field; a request without it, or with two, counts as `client`
    certificate,  // the client certificate; a request without one counts as `client`
  };
  Kind kind = Kind::client;
  std::string header;  // lower case; for Kind::header

  friend bool operator==(const LimitKeyConfig&, const LimitKeyConfig&) = default;
};

// A token bucket: `requests` come back each `per`, and up to `burst` of them can be saved.
struct RateLimitConfig {
  std::uint32_t requests = 0;
  std::chrono::milliseconds per{1000};
  std::uint32_t burst = 0;
  LimitKeyConfig key;

  friend bool operator==(const RateLimitConfig&, const RateLimitConfig&) = default;
};

// Requests in flight at a time.
struct ConcurrencyLimitConfig {
  std::uint32_t requests = 0;
  LimitKeyConfig key;

  friend bool operator==(const ConcurrencyLimitConfig&, const ConcurrencyLimitConfig&) = default;
};

// Of one request's bodies; 0 = no limit.
struct BandwidthLimitConfig {
  std::uint64_t down_bytes_per_s = 0;  // the response
  std::uint64_t up_bytes_per_s = 0;    // the request

  friend bool operator==(const BandwidthLimitConfig&, const BandwidthLimitConfig&) = default;
};

struct RouteLimitsConfig {
  std::optional<RateLimitConfig> rate;
  std::optional<ConcurrencyLimitConfig> concurrent;
  std::optional<BandwidthLimitConfig> bandwidth;

  friend bool operator==(const RouteLimitsConfig&, const RouteLimitsConfig&) = default;
};

// What the tables behind the limits may hold.
struct LimitTablesConfig {
  std::uint32_t rate_entries = 262'144;  // keys with requests to their name; about 18 bytes each
};

}  // namespace ravelin::gateway
