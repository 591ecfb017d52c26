#include "gateway/runtime/overload_probe.h"

#include "base/io/file.h"
#include "base/text.h"
#include "gateway/observe/open_descriptors.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <string_view>

namespace ravelin::gateway {
namespace {

constexpr std::size_t kSmallFile = 16 * 1024;

std::string read_small(const std::string& path) {
  auto text = base::read_file(path, kSmallFile);
  return text ? std::move(*text) : std::string();
}

std::uint64_t count_descriptors() {
  struct stat status {};

  // Since Linux 6.2 the size of the directory is their number.
  if (::stat("/proc/self/fd", &status) == 0 && status.st_size > 0)
    return static_cast<std::uint64_t>(status.st_size);
  return list_descriptors().value_or(0);
}

}  // namespace

std::uint64_t resident_bytes() {
  const std::string statm = read_small("/proc/self/statm");
  const std::size_t space = statm.find(' ');
  if (space == std::string::npos) return 0;
  const std::string_view rest = std::string_view(statm).substr(space + 1);
  const auto pages = base::parse_u64(rest.substr(0, rest.find(' ')));
  return pages ? *pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

std::uint64_t cgroup_memory_limit() {
  const std::string cgroups = read_small("/proc/self/cgroup");
  const std::size_t at = cgroups.find("0::/");
  if (at == std::string::npos) return 0;
  std::string path = cgroups.substr(at + 3, cgroups.find('\n', at) - at - 3);
  std::uint64_t limit = 0;
  while (true) {
    const std::string text = read_small("/sys/fs/cgroup" + path + "/memory.max");
    const auto bytes = base::parse_u64(std::string_view(text).substr(0, text.find('\n')));
    if (bytes && (limit == 0 || *bytes < limit)) limit = *bytes;
    if (path.size() <= 1) return limit;
    path.resize(path.rfind('/'));
  }
}

std::uint64_t DescriptorCount::look(base::MonoTime now) {
  constexpr int kRestForWork = 50;
  if (now < next_) return count_;
  count_ = count_descriptors();
  next_ = now + (base::mono_now() - now) * kRestForWork;
  return count_;
}

}  // namespace ravelin::gateway
