// RunningSource: something that finds servers for a pool on its own until it goes. An interface
// only.
#pragma once

#include "base/clock.h"

#include <string>

namespace ravelin::gateway {

class RunningSource {
 public:
  RunningSource() = default;
  RunningSource(const RunningSource&) = delete;
  RunningSource& operator=(const RunningSource&) = delete;
  virtual ~RunningSource() = default;

  // One line for people: what it asks for, what it found, since when it fails and why.
  [[nodiscard]] virtual std::string describe(base::WallTime now) const = 0;
};

}  // namespace ravelin::gateway
