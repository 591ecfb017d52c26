// What each reason costs whoever causes it. Pure; any thread.
#pragma once

#include "gateway/observe/reason.h"

#include <cstdint>

namespace ravelin::gateway {

// Points against a client; 0 for what honest clients do, what is our decision, and what servers do.
std::uint32_t glitch_points(Reason reason);

}  // namespace ravelin::gateway
