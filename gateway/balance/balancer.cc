#include "gateway/balance/balancer.h"

namespace ravelin::gateway {

void Balancer::update(std::span<const ServerState> servers) {
  plan_turn(servers, rules_, plan_);
  switch (kind_) {
    case Balance::round_robin:
    case Balance::least_requests:
      return turn_.update(plan_);
    case Balance::power_of_two:
      return two_.update(plan_);
    case Balance::hash:
      return hash_.update(plan_);
  }
}

}  // namespace ravelin::gateway
