// `ravelin demo --check`: drives the running demo once, as a client that verifies what it is shown.
#pragma once

#include "base/io/task.h"
#include "base/result.h"
#include "gateway/net/buffer.h"
#include "gateway/net/reactor.h"

#include <cstdint>
#include <map>
#include <string>

namespace ravelin::cli {

struct DemoTarget {
  std::string ca_pem;
  std::uint16_t port = 0;
};

// How many of `requests` GETs each server answered, by the name it gave. Each request has a
// connection of its own when `fresh`, else all share one. Error: no verified TLS 1.3, a status
// other than 200, a timeout.
base::Task<base::Result<std::map<std::string, int>>> drive_demo(gateway::Reactor& reactor,
                                                                DemoTarget target, int requests);

}  // namespace ravelin::cli
