// A file of servers (`discover.file`): a map whose one key `servers` is a list, each as a pool
// lists them, or an empty list. Pure; any thread.
#pragma once

#include "base/diagnostics.h"
#include "gateway/config/config.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

inline constexpr std::size_t kServersFileBytesMax = 1024 * 1024;

// What `pool` finds in the text of `path`, where relative paths start; nothing, and findings, when
// any of it is wrong: half a list is no list. Names and addresses that stand there twice are
// errors.
std::optional<std::vector<ServerConfig>> parse_servers_file(std::string_view text,
                                                            const std::string& path,
                                                            const PoolConfig& pool,
                                                            base::Diagnostics& diagnostics);

}  // namespace ravelin::gateway
