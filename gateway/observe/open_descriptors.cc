#include "gateway/observe/open_descriptors.h"

#include <dirent.h>
#include <sys/resource.h>

#include <memory>

namespace ravelin::gateway {

std::optional<std::uint64_t> list_descriptors() {
  struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };

  const std::unique_ptr<DIR, Close> directory(::opendir("/proc/self/fd"));
  if (!directory) return std::nullopt;
  std::uint64_t count = 0;
  while (const dirent* entry = ::readdir(directory.get()))
    count += entry->d_name[0] != '.' ? 1 : 0;
  return count == 0 ? 0 : count - 1;  // without the directory itself
}

std::optional<std::uint64_t> descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  return limit.rlim_cur;
}

}  // namespace ravelin::gateway
