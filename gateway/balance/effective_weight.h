// What a server's weight is at the moment, out of everything that has a say in it: configuration or
// operator, observed load, the server's own report, slow start. Pure; any thread.
#pragma once

#include "base/clock.h"
#include "gateway/config/config.h"

#include <cstdint>

namespace ravelin::gateway {

// Balancers get weights in hundredths, so that a factor changes also the weight 1.
inline constexpr std::uint32_t kWeightUnit = 100;

struct WeightParts {
  std::uint32_t base = 1;  // configured, or the operator's order: 0 to 256
  double load = 1.0;       // by what was observed (load_weights.h)
  double reported = 1.0;   // by the server itself
  double warmth = 1.0;     // slow start: above 0 to 1
};

// In hundredths. load * reported is held within the bounds, except that a server which reports 0
// gets no new requests. Otherwise only a base of 0 gives 0.
std::uint32_t effective_weight(const WeightParts& parts, const WeightBounds& bounds);

// How much of its weight a server has that became usable `since` ago: from a tenth to all of it at
// the end of `window`. No window: all of it at once.
double slow_start_warmth(base::Duration since, base::Duration window);

}  // namespace ravelin::gateway
