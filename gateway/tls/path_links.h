// Which directory entries decide what a path means: its last component, and every symbolic link on
// the way. A change of any of them can put another file there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

struct PathEntry {
  std::string directory;  // real path, no links in it
  std::string name;       // the entry in it that matters

  friend auto operator<=>(const PathEntry&, const PathEntry&) = default;
};

// Reads the file system (lstat, readlink). Stops where a component is missing: the entry that would
// have to appear is the last one. Follows at most 40 links.
std::vector<PathEntry> entries_of(std::string_view absolute_path);

}  // namespace ravelin::gateway
