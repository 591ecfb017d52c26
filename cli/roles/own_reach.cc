#include "cli/roles/own_reach.h"

#include "base/io/log.h"
#include "base/io/owned_fd.h"
#include "system/keys/key_list.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace ravelin::cli {
namespace {

std::set<std::string> readable_keys(const gateway::Config& config) {
  std::set<std::string> keys;
  for (const system::KeyFile& key : system::list_keys(config).files) {
    // Not access(): Landlock has no say in it.
    if (base::OwnedFd(::open(key.files.key.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)).is_open())
      keys.insert(key.files.key);
  }
  return keys;
}

}  // namespace

void OwnReach::look(const gateway::Config& config) {
  if (!std::exchange(has_looked_, true) && ::geteuid() == 0)
    base::log_warn("gateway", "serves as root: set `user`, so that who breaks in is not root",
                   {{"create", "useradd --system ravelin"}});
  std::set<std::string> keys = readable_keys(config);
  if (!std::ranges::includes(named_, keys))
    base::log_warn("gateway",
                   "could read private keys, and so could who breaks in: let root alone read them "
                   "and set `user`, or keep them outside the folders of all other files",
                   {{"keys", keys.size()}, {"first", *keys.begin()}});
  named_ = std::move(keys);
}

}  // namespace ravelin::cli
