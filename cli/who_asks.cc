#include "cli/who_asks.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace ravelin::cli {

std::string who_asks() {
  const passwd* user = ::getpwuid(::getuid());
  std::string who = user != nullptr ? user->pw_name : fmt::format("user {}", ::getuid());
  const char* ssh = std::getenv("SSH_CONNECTION");
  if (ssh == nullptr) return who;
  const std::string_view peer(ssh);
  return who + " from " + std::string(peer.substr(0, peer.find(' ')));
}

}  // namespace ravelin::cli
