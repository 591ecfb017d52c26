#include "system/confine/capabilities.h"

#include <linux/capability.h>

#include <array>
#include <string_view>
#include <utility>

namespace ravelin::system {
namespace {

// Those a role of ours may have.
constexpr std::array<std::pair<unsigned, std::string_view>, 10> kNames{
    {{CAP_CHOWN, "chown"},
     {CAP_DAC_OVERRIDE, "dac_override"},
     {CAP_DAC_READ_SEARCH, "dac_read_search"},
     {CAP_FOWNER, "fowner"},
     {CAP_KILL, "kill"},
     {CAP_SETGID, "setgid"},
     {CAP_SETUID, "setuid"},
     {CAP_SETPCAP, "setpcap"},
     {CAP_NET_BIND_SERVICE, "net_bind_service"},
     {CAP_NET_ADMIN, "net_admin"}}};

constexpr unsigned kCapabilities = 64;

std::string name_of(unsigned capability) {
  for (const auto& [number, name] : kNames) {
    if (number == capability) return std::string(name);
  }
  return std::to_string(capability);
}

}  // namespace

std::uint64_t capability_set(const std::vector<unsigned>& capabilities) {
  std::uint64_t set = 0;
  for (const unsigned capability : capabilities)
    set |= std::uint64_t{1} << capability;
  return set;
}

std::string capability_words(std::uint64_t set) {
  std::string words;
  for (unsigned capability = 0; capability < kCapabilities; ++capability) {
    if ((set >> capability & 1U) == 0) continue;
    if (!words.empty()) words += ' ';
    words += name_of(capability);
  }
  return words.empty() ? "none" : words;
}

}  // namespace ravelin::system
