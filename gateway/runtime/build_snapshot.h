// Config to Snapshot: everything a generation needs, made ready beside the one in use. On an error
// nothing has changed. Control thread; reads certificate files.
#pragma once

#include "certs/view/challenge_answers.h"
#include "certs/view/store_view.h"
#include "gateway/proxy/snapshot.h"
#include "gateway/runtime/build_pool.h"
#include "gateway/tls/certificate_watcher.h"
#include "gateway/tls/handshake_watch.h"
#include "gateway/tls/staple_file.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>

namespace ravelin::gateway {

// The TLS materials of one listener, as loaded.
struct ListenerMaterials {
  std::shared_ptr<const TlsContext> context;
  std::vector<WatchedPair> pairs;  // in the configured order
  std::vector<bool> is_default;
  std::vector<std::optional<StapleFile>> staples;  // of the pairs; nothing where none is configured
  bool from_store = false;                         // every name of the store as well
};

// What a generation is built from, besides its configuration. Borrows all of it.
struct GenerationParts {
  std::uint64_t generation = 0;
  const ServerRegistry& known;  // servers of the generation before
  const Snapshot* previous = nullptr;
  GatewayMetrics& metrics;
  KeySource& keys;
  const OverrideSet& orders;
  // The TLS materials in use, whose contexts are kept where the policy is equal.
  const std::map<std::string, ListenerMaterials>& running;
  // The pool with the servers it has besides those it lists, and without those it has not.
  std::function<PoolConfig(const PoolConfig&)> with_members;
  // The revocation lists a listener's sources hold; needed for a whole generation only.
  std::function<std::vector<certs::HeldCrlPtr>(const std::string& listener)> crls_of{};
};

using FindingsByPool = std::map<std::string, std::vector<std::string>>;

struct BuiltSnapshot {
  std::shared_ptr<Snapshot> snapshot;
  std::shared_ptr<ListenerTable> listeners;      // the snapshot's; may be changed until it is used
  std::map<std::string, ListenerMaterials> tls;  // by listener name
  ServerRegistry servers;                        // all of this generation
  FindingsByPool findings;                       // servers left out or with older TLS files
  std::size_t split_count = 0;                   // routes that split, over all listeners
};

base::Result<BuiltSnapshot> build_snapshot(const Config& config, const GenerationParts& parts);

struct RenewedSnapshot {
  std::shared_ptr<Snapshot> snapshot;  // null: nothing has changed
  std::vector<std::size_t> pools;      // which are others than before
  FindingsByPool findings;             // of those
};

// `parts.previous` with other servers in the pools of these names, and all else shared with it: no
// file is read but those that a new server brings.
base::Result<RenewedSnapshot> renew_snapshot(const std::set<std::string>& names,
                                             const GenerationParts& parts);

// Of the certificate store, for listeners that show it; all may be null.
struct StoreParts {
  std::shared_ptr<const certs::StoreView> view;
  std::shared_ptr<const certs::ChallengeAnswers> challenges;
  std::shared_ptr<HandshakeWatch> watch;
};

// What handshakes use: certificates as an index, with the tickets that are current.
std::shared_ptr<const ListenerTls> make_listener_tls(const ListenerMaterials& materials,
                                                     std::shared_ptr<const TicketKeys> tickets,
                                                     const StoreParts& store);

}  // namespace ravelin::gateway
