// RunningSource: something that finds servers for a pool on its own until it goes. An interface
// only.
#pragma once

namespace ravelin::gateway {

class RunningSource {
 public:
  RunningSource() = default;
  RunningSource(const RunningSource&) = delete;
  RunningSource& operator=(const RunningSource&) = delete;
  virtual ~RunningSource() = default;
};

}  // namespace ravelin::gateway
