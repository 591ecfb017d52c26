// The revocation lists of clients that are fetched: a source for each address and bundle of CAs,
// shared by the listeners that name both; and what is said when a list changes, ends or cannot be
// got. The control thread; sources fetch on threads of their own.
#pragma once

#include "certs/crl/crl_source.h"
#include "gateway/config/config.h"
#include "gateway/tls/context.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace ravelin::gateway {

// The folder fetched lists are kept in; "" = none is fetched, or nowhere.
std::string crl_cache_of(const ClientAuthConfig& auth, const Config& config);

class ClientCrls {
 public:
  using Sources = std::vector<std::shared_ptr<certs::CrlSource>>;
  using Next = std::map<std::string, Sources>;  // by listener; none of those that fetch nothing

  // The sources of a configuration: those in use where nothing of theirs has changed. Reads the
  // bundles and what is kept on the disk, asks nobody. Errors: a bundle, a URL; names the listener.
  [[nodiscard]] base::Result<Next> prepare(const Config& config) const;
  // In place of those before. They are asked once start() is called.
  void adopt(Next next);
  // Once the process is as it will stay: threads that begin earlier would keep what it gives up.
  void start();

  // What a listener's sources hold at this moment.
  static std::vector<certs::HeldCrlPtr> held_of(const Next& sources, const std::string& listener);

  [[nodiscard]] std::vector<certs::HeldCrlPtr> held(const std::string& listener) const {
    return held_of(sources_, listener);
  }

  // Says once what has gone wrong or well with fetching.
  void report_fetches();

  // Says once which lists of a listener are over or missing. True: one has ended since the last
  // look.
  bool report_ends(const std::string& listener, const TlsContext& context, base::WallTime now);

  [[nodiscard]] const Next& sources() const { return sources_; }

  // Of all listeners, each once.
  [[nodiscard]] Sources all() const;

 private:
  // What was said of a source last.
  struct Said {
    std::uint64_t attempts = 0;
    std::string why;
  };

  [[nodiscard]] base::Result<std::shared_ptr<certs::CrlSource>> source_of(
      const std::string& url, const ListenerConfig& listener, const Config& config,
      const Next& next) const;

  Next sources_;
  Sources retired_;  // of before, until they have ended: one may wait for its name server
  std::map<const certs::CrlSource*, Said> said_;
  std::map<std::string, std::set<std::string>> ended_;    // by listener: lists that are over
  std::map<std::string, std::set<std::string>> without_;  // by listener: CAs without a list
};

}  // namespace ravelin::gateway
