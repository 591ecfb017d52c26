#include "system/keys/key_list.h"

#include "gateway/config/check_files.h"
#include "gateway/tls/remote/key_id.h"

#include <algorithm>

namespace ravelin::system {
namespace {

void add(KeyList& list, certs::PairFiles files, certs::PairUse use) {
  KeyFile file{gateway::key_id(files, use), std::move(files), use};
  if (std::ranges::find(list.files, file.id, &KeyFile::id) == list.files.end())
    list.files.push_back(std::move(file));
}

}  // namespace

KeyList list_keys(const gateway::Config& config) {
  KeyList list;
  certs::KeyFileRules rules = gateway::key_file_rules(config);
  list.key_groups = std::move(rules.groups);
  list.key_owners = std::move(rules.owners);
  for (const gateway::ListenerConfig& listener : config.listeners) {
    if (!listener.tls) continue;
    for (const gateway::CertificateConfig& each : listener.tls->certificates)
      add(list, {each.chain, each.key, each.key_secret}, certs::PairUse::server);
    if (listener.tls->from_store) list.store = config.certs_store;
  }
  const auto add_client = [&list](const gateway::ServerConfig& server) {
    if (server.tls && !server.tls->certificate.empty())
      add(list, {server.tls->certificate, server.tls->key, server.tls->key_secret},
          certs::PairUse::client);
  };
  for (const gateway::PoolConfig& pool : config.pools) {
    std::ranges::for_each(pool.servers, add_client);
    if (pool.discover) add_client(pool.discover->server);
  }
  return list;
}

void add_keys(KeyList& list, KeyList more) {
  for (KeyFile& file : more.files) {
    if (std::ranges::find(list.files, file.id, &KeyFile::id) == list.files.end())
      list.files.push_back(std::move(file));
  }
  list.key_groups.insert(list.key_groups.end(), more.key_groups.begin(), more.key_groups.end());
  list.key_owners.insert(list.key_owners.end(), more.key_owners.begin(), more.key_owners.end());
  if (list.store.empty()) list.store = std::move(more.store);
}

}  // namespace ravelin::system
