// What will be ordered of whom in the coming days, and whether the CAs take that many: one look
// ahead over all that is held. Pure but for the list of public suffixes; any thread.
#pragma once

#include "certs/rotate/order_count.h"
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
  std::vector<std::string> names;  // all it covers
  std::string issuer;              // the first that is asked
  std::size_t orders = 1;          // one for each key
  sys_seconds at{};                // due then; what is due already is ordered at once
  seconds lifetime{};              // of what the issuer signs; 0 = not known: renewed once
  bool may_replace = false;        // what is served is named by the next order (RFC 9773)
  std::vector<Orders> past{};      // that were placed with this issuer
};

struct ForecastDay {
  std::chrono::sys_days day;
  std::size_t renewals = 0;
  std::map<std::string, std::size_t> orders;  // by issuer
  std::map<std::string, std::size_t> exempt;  // of these, what counts for no limit (ARI)
};

struct Forecast {
  std::vector<ForecastDay> days;  // with something to do, in order
  std::vector<LimitUse> limits;   // per issuer with limits: what comes nearest to each
};

// From `now` for `length`. `limits`: of issuers that have some; the own CA has none.
Forecast forecast_orders(std::span<const ForecastEntry> entries,
                         const std::map<std::string, CaLimits>& limits,
                         const PublicSuffixes& suffixes, sys_seconds now, seconds length);

// Whether `names` were ordered together before.
OrderKind kind_of(const std::vector<std::string>& names, std::span<const Orders> past);

}  // namespace ravelin::certs
