#include "gateway/config/check_names.h"

#include "base/clock.h"
#include "gateway/config/places.h"
#include "gateway/config/validate_parts.h"

#include <map>

namespace ravelin::gateway {
namespace {

constexpr std::size_t kNamesMax = 100;
constexpr std::chrono::seconds kTimeMax{10};

struct NamedServer {
  std::string key;
  SourcePos pos;
};

// Each name with the first server that uses it.
std::map<std::string, NamedServer> names_in(const Config& config) {
  std::map<std::string, NamedServer> names;
  for (std::size_t i = 0; i < config.pools.size(); ++i) {
    const PoolConfig& pool = config.pools[i];
    for (std::size_t j = 0; j < pool.servers.size(); ++j) {
      const auto* endpoint = std::get_if<base::NameEndpoint>(&pool.servers[j].address);
      if (endpoint == nullptr) continue;
      const std::string key = fmt::format("{}.servers[{}].address", pool_key(i), j);
      names.try_emplace(endpoint->name, NamedServer{key, pool.servers[j].pos});
    }
  }
  return names;
}

}  // namespace

void check_names(const ParsedConfig& parsed, base::Diagnostics& diagnostics,
                 const Resolve& resolve) {
  Places places(parsed.origins, diagnostics);
  const base::MonoTime start = base::mono_now();
  std::size_t asked = 0;
  for (const auto& [name, server] : names_in(parsed.config)) {
    if (asked++ == kNamesMax || base::mono_now() - start > kTimeMax) {
      places.warn(server.key, server.pos,
                  "was not resolved, nor the names after it: too many, or too slow");
      return;
    }
    const std::string error = resolve(name);
    if (error.empty()) continue;
    places.warn(server.key, server.pos,
                fmt::format("\"{}\" does not resolve here: {}", name, error));
  }
}

}  // namespace ravelin::gateway
