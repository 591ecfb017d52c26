#include "cli/roles/own_reach.h"

#include "base/io/log.h"
#include "base/io/owned_fd.h"
#include "system/keys/key_list.h"

#include <fcntl.h>
#include <unistd.h>

#include <set>
#include <string>

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

void warn_of_reach(const gateway::Config& config) {
  if (::geteuid() == 0)
    base::log_warn("gateway", "serves as root: set `user`, so that who breaks in is not root",
                   {{"create", "useradd --system ravelin"}});
  const std::set<std::string> keys = readable_keys(config);
  if (!keys.empty())
    base::log_warn("gateway",
                   "could read private keys, and so could who breaks in: let root alone read them "
                   "and set `user`, or keep them outside the folders of all other files",
                   {{"keys", keys.size()}, {"first", *keys.begin()}});
}

}  // namespace ravelin::cli
