// What the operator, or its agent, has ordered a server to do. A value.
#pragma once

#include <cstdint>
#include <string_view>

namespace ravelin::gateway {

// drain: no new requests, those in flight go on. maint: no checks either, where the operator says
// so. The stricter ones come later.
enum class AdminState : std::uint8_t { ready, drain, maint };

constexpr std::string_view to_string(AdminState state) {
  switch (state) {
    case AdminState::ready:
      return "ready";
    case AdminState::drain:
      return "drain";
    case AdminState::maint:
      return "maint";
  }
  return "?";
}

}  // namespace ravelin::gateway
