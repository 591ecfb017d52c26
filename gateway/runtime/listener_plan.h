// What becomes of the listening addresses when one configuration follows another: which are bound,
// which go on under another listener's name, which close. Decided from values alone;
// ListeningSockets carries it out.
#pragma once

#include "gateway/config/config.h"

#include <map>
#include <string>
#include <vector>

namespace ravelin::gateway {

// Key of an address (below) -> name of the listener that has it.
using HeldAddresses = std::map<std::string, std::string>;

struct ListenerPlan {
  struct Address {
    std::string key;
    std::string listener;
    base::Endpoint endpoint;
    std::string passed;  // name of a socket that is passed, in place of the endpoint

    bool operator==(const Address&) const = default;
  };

  std::vector<Address> bound;
  // Go to another listener. A socket bound anew beside the old one would lose what queues there,
  // and once the process has changed its user the kernel would refuse it (SO_REUSEPORT joins
  // sockets of one user only).
  std::vector<Address> moved;
  std::vector<std::string> closed;  // keys
};

// Of a socket the service manager passes.
std::string passed_key(const std::string& name);

// The address as text; one whose port the kernel chooses is the listener's own, and told from its
// others by its place.
std::string address_key(const ListenerConfig& listener, std::size_t bind_index);

// `next` has passed validation: no address twice.
ListenerPlan plan_listeners(const HeldAddresses& now, const std::vector<ListenerConfig>& next);

}  // namespace ravelin::gateway
