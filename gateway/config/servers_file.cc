#include "gateway/config/servers_file.h"

#include "base/io/yaml.h"
#include "gateway/config/parse_server.h"
#include "gateway/config/places.h"

#include <map>

namespace ravelin::gateway {
namespace {

namespace yaml = base::yaml;

std::vector<ServerConfig> parse_root(yaml::Map map, const UpstreamProxyConfig& proxy) {
  std::vector<ServerConfig> servers;
  const auto server = [&proxy](yaml::Map each) { return parse_server(std::move(each), proxy); };
  map.required("servers", servers, yaml::list_of(yaml::object(server), 0, kServersMax));
  return std::move(map).finish(std::move(servers));
}

void check(const std::vector<ServerConfig>& servers, const PoolConfig& pool,
           base::Diagnostics& diagnostics) {
  std::map<std::string_view, const ServerConfig*> names;
  std::map<std::string, const ServerConfig*> addresses;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const ServerConfig& server = servers[i];
    const std::string key = fmt::format("servers[{}]", i);
    if (const auto fault = fault_of(server, pool.agent)) diagnostics.error(server.pos, key, *fault);
    const auto [named, is_new_name] = names.emplace(server.name, &server);
    const auto [first, is_new] = addresses.emplace(base::to_string(server.address), &server);
    if (!is_new_name) {
      diagnostics.error(server.pos, key,
                        fmt::format("server \"{}\" is already in this file at {}", server.name,
                                    place_text(named->second->pos)));
    } else if (!is_new) {
      diagnostics.error(server.pos, key,
                        fmt::format("has the address of server \"{}\"", first->second->name));
    }
  }
}

}  // namespace

std::optional<std::vector<ServerConfig>> parse_servers_file(std::string_view text,
                                                            const std::string& path,
                                                            const PoolConfig& pool,
                                                            base::Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.error_count();
  const yaml::Limits limits{.bytes_max = kServersFileBytesMax};
  const yaml::TreeNode root = yaml::parse_tree(text, path, limits, diagnostics);
  if (diagnostics.error_count() != before) return std::nullopt;
  yaml::Report report{diagnostics, path.substr(0, path.rfind('/') + 1), nullptr};
  const yaml::Value value(report, root, "");
  if (!yaml::expect(value, yaml::Kind::map)) return std::nullopt;
  std::vector<ServerConfig> servers = parse_root(yaml::Map(value), pool.proxy_protocol);
  if (diagnostics.error_count() != before) return std::nullopt;
  check(servers, pool, diagnostics);
  if (diagnostics.error_count() != before) return std::nullopt;
  return servers;
}

}  // namespace ravelin::gateway
