// What the process uses of what it may use: memory and descriptors, as the kernel tells. Control
// thread; reads small files under /proc and /sys.
#pragma once

#include "base/clock.h"

#include <cstdint>
#include <optional>

namespace ravelin::gateway {

// What cannot be learned is 0.
std::uint64_t resident_bytes();
std::uint64_t cgroup_memory_limit();  // 0 = none; of cgroup v2, the smallest on the way to the root

// Counting takes longer the more there are (older kernels list them one by one): the counter looks
// seldom enough to cost at most a fiftieth of a CPU.
class DescriptorCount {
 public:
  std::uint64_t look(base::MonoTime now);

 private:
  std::uint64_t count_ = 0;
  base::MonoTime next_;
};

}  // namespace ravelin::gateway
