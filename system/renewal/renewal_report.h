// How renewal fares, as the gateway shows it. Plain values; any thread.
#pragma once

#include "messages/renewal_messages.h"

#include <vector>

namespace ravelin::system {

struct RenewalReport {
  std::vector<messages::RenewalNote> renewals;  // the first first
  std::vector<messages::LimitNote> limits;
  messages::RenewalsTold end;

  friend bool operator==(const RenewalReport&, const RenewalReport&) = default;
};

}  // namespace ravelin::system
