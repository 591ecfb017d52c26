// What will be ordered of whom in the coming days, and whether the CAs take that many: one look
// ahead over all that is held. Pure; any thread.
#pragma once

#include "certs/rotate/schedule.h"

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace ravelin::certs {

// What is known of one certificate.
struct ForecastEntry {
  std::string name;
  std::vector<std::string> names;   // all it covers
  std::string issuer;               // the first that is asked
  std::size_t orders = 1;           // one for each key
  sys_seconds at{};                 // due then; what is due already is ordered at once
  seconds lifetime{};               // of what the issuer signs; 0 = not known: renewed once
  std::vector<sys_seconds> past{};  // when it was ordered before, for limits that look back
};

// Of one issuer. The numbers are Let's Encrypt's (letsencrypt.org/docs/rate-limits), the strictest
// of the CAs that publish theirs.
struct IssuerLimits {
  std::size_t orders_per_3h = 300;
  std::size_t same_names_per_7d = 5;
};

struct ForecastDay {
  std::chrono::sys_days day;
  std::size_t renewals = 0;
  std::map<std::string, std::size_t> orders;  // by issuer
};

// The tightest moment of one limit.
struct LimitUse {
  std::string issuer;
  std::string limit;  // "orders in 3 h", "orders for the names of www.example.com in 7 d"
  std::size_t used = 0;
  std::size_t most = 0;
  sys_seconds at{};  // when it is reached

  [[nodiscard]] bool is_exceeded() const { return used > most; }
};

struct Forecast {
  std::vector<ForecastDay> days;  // with something to do, in order
  std::vector<LimitUse> limits;   // per issuer with limits: orders, then the worst set of names
};

// From `now` for `length`. `limits`: of issuers that have some; the own CA has none.
Forecast forecast_orders(std::span<const ForecastEntry> entries,
                         const std::map<std::string, IssuerLimits>& limits, sys_seconds now,
                         seconds length);

}  // namespace ravelin::certs
