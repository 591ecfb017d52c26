// PathTraps: whether a path is one of those listed. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

class PathTraps {
 public:
  // As AbuseTrigger::paths has them.
  explicit PathTraps(std::vector<std::string> paths);

  // Of a canonical path. Costs a few comparisons for each of its segments, down to the depth of the
  // deepest path listed.
  [[nodiscard]] bool has(std::string_view path) const;

 private:
  std::vector<std::string> paths_;  // sorted; one that ends in "/" has all below it
  std::vector<std::string> ends_;
  std::size_t depth_max_ = 0;
};

}  // namespace ravelin::gateway
