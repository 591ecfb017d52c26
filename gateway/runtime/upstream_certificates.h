// The certificates the gateway shows to servers, watched like those of listeners: files that change
// give the servers that use them a new TLS context; broken ones are reported once and the last good
// certificate stays. The control thread.
#pragma once

#include "gateway/proxy/snapshot.h"
#include "gateway/tls/certificate_watcher.h"

#include <memory>
#include <vector>

namespace ravelin::gateway {

class UpstreamCertificates {
 public:
  // `keys` must outlive it.
  explicit UpstreamCertificates(KeySource& keys) : keys_(keys) {}

  // Watches what this generation uses, and nothing else any more.
  void watch(const Snapshot& snapshot, base::MonoTime now);
  // The same for a generation that differs in servers alone: files that stay in use are not read
  // again.
  void use_servers(const Snapshot& snapshot, base::MonoTime now);

  struct Change {
    std::shared_ptr<Server> server;
    std::shared_ptr<const UpstreamContext> context;
  };

  // Loads what is due. The contexts of the servers whose certificate has changed.
  std::vector<Change> tick(base::MonoTime now, base::WallTime wall);

 private:
  struct User {
    std::shared_ptr<Server> server;
    UpstreamTlsPolicy policy;
  };

  struct Watched {
    certs::PairFiles files;
    std::vector<User> users;  // at least one
  };

  static std::vector<Watched> users_in(const Snapshot& snapshot);
  void start(const Snapshot& snapshot, base::MonoTime now);
  static void add_user(std::vector<Watched>& all, const UpstreamTlsConfig& config, User user);
  static void renew(Watched& watched, const PairChange& change, std::vector<Change>& changes);

  KeySource& keys_;
  std::vector<Watched> watched_;
  std::unique_ptr<CertificateWatcher> watcher_;  // null: there is nothing to watch
};

}  // namespace ravelin::gateway
