#include "gateway/limit/path_traps.h"

#include <algorithm>

namespace ravelin::gateway {

PathTraps::PathTraps(std::vector<std::string> paths) {
  for (std::string& path : paths) {
    if (path.starts_with('*')) {
      ends_.push_back(path.substr(1));
      continue;
    }
    const auto slashes = static_cast<std::size_t>(std::ranges::count(path, '/'));
    depth_max_ = std::max(depth_max_, slashes);
    paths_.push_back(std::move(path));
  }
  std::ranges::sort(paths_);
}

bool PathTraps::has(std::string_view path) const {
  const auto ends_like = [&](const std::string& end) { return path.ends_with(end); };
  if (std::ranges::any_of(ends_, ends_like)) return true;
  if (paths_.empty()) return false;
  const auto is_listed = [&](std::string_view text) {
    return std::ranges::binary_search(paths_, text, std::less<>());
  };
  if (is_listed(path)) return true;
  std::size_t slash = path.find('/');
  for (std::size_t depth = 1; depth <= depth_max_ && slash != std::string_view::npos; ++depth) {
    if (is_listed(path.substr(0, slash + 1))) return true;
    slash = path.find('/', slash + 1);
  }
  return false;
}

}  // namespace ravelin::gateway
