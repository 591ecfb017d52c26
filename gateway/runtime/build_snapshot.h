// Config to Snapshot: everything a generation needs, made ready beside the one in use. On an error
// nothing has changed. Control thread; reads certificate files.
#pragma once

#include "gateway/proxy/snapshot.h"
#include "gateway/tls/certificate_watcher.h"
#include "gateway/tls/staple_file.h"

#include <map>
#include <memory>
#include <optional>
#include <unordered_map>

namespace ravelin::gateway {

// The TLS materials of one listener, as loaded.
struct ListenerMaterials {
  std::shared_ptr<const TlsContext> context;
  std::vector<WatchedPair> pairs;  // in the configured order
  std::vector<bool> is_default;
  std::vector<std::optional<StapleFile>> staples;  // of the pairs; nothing where none is configured
};

// Servers by identity: a server that is configured again keeps its state and its counters.
using ServerRegistry = std::unordered_map<std::string, std::shared_ptr<Server>>;

struct BuiltSnapshot {
  std::shared_ptr<Snapshot> snapshot;
  std::map<std::string, ListenerMaterials> tls;  // by listener name
  ServerRegistry servers;                        // all of this generation
  std::size_t split_count = 0;                   // routes that split, over all listeners
};

// `known`: servers of the generation before. `previous`: whose TLS contexts are kept where the
// policy is equal.
base::Result<BuiltSnapshot> build_snapshot(const Config& config, std::uint64_t generation,
                                           const ServerRegistry& known, const Snapshot* previous,
                                           GatewayMetrics& metrics);

// What handshakes use: certificates as an index, with the tickets that are current.
std::shared_ptr<const ListenerTls> make_listener_tls(const ListenerMaterials& materials,
                                                     std::shared_ptr<const TicketKeys> tickets);

}  // namespace ravelin::gateway
