// A configuration on its way from the process that reads it to those that use it: the messages of
// messages/config_messages.h, one after another. Pure.
#pragma once

#include "base/io/yaml_bundle.h"
#include "base/result.h"
#include "messages/codec.h"

#include <span>
#include <string>
#include <vector>

namespace ravelin::system {

struct ConfigSnapshot {
  base::yaml::FileBundle files;
  std::vector<messages::PathGranted> grants;
};

inline constexpr std::size_t kConfigBytesMax = 32 * 1024 * 1024;

// Error: a path longer than a message may have.
base::Result<std::string> format_config(const ConfigSnapshot& config);

// Errors (Errc::protocol): something else than what format_config() writes.
base::Result<ConfigSnapshot> parse_config(std::span<const std::byte> bytes);

}  // namespace ravelin::system
