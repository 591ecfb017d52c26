// RunningSource: something that finds servers for a pool on its own until it goes. An interface
// only.
#pragma once

#include "base/clock.h"
#include "gateway/config/pool_config.h"

#include <string>
#include <vector>

namespace ravelin::gateway {

class RunningSource {
 public:
  RunningSource() = default;
  RunningSource(const RunningSource&) = delete;
  RunningSource& operator=(const RunningSource&) = delete;
  virtual ~RunningSource() = default;

  // One line for people: what it asks for, what it found, since when it fails and why.
  [[nodiscard]] virtual std::string describe(base::WallTime now) const = 0;

  // Whether it asks what `discover` wants asked: then use() keeps what is known, and a new one need
  // not be made.
  [[nodiscard]] virtual bool asks_for(const DiscoverConfig& discover) const = 0;
  // What it knows, as servers of `discover`, which it asks_for(). Changes nothing.
  [[nodiscard]] virtual std::vector<ServerConfig> servers_for(
      const DiscoverConfig& discover) const = 0;
  // After a reload: servers of this, told at once if there has been an answer. Does not ask again.
  virtual void use(const DiscoverConfig& discover) = 0;
};

}  // namespace ravelin::gateway
