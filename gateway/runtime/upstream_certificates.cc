#include "gateway/runtime/upstream_certificates.h"

#include "base/io/log.h"
#include "gateway/config/check_files.h"

#include <algorithm>

namespace ravelin::gateway {

void UpstreamCertificates::add_user(std::vector<Watched>& all, const UpstreamTlsConfig& config,
                                    User user) {
  const certs::PairFiles files{config.certificate, config.key, config.key_secret};
  auto found = std::ranges::find(all, files, &Watched::files);
  if (found == all.end()) found = all.insert(found, {files, {}});
  found->users.push_back(std::move(user));
}

std::vector<UpstreamCertificates::Watched> UpstreamCertificates::users_in(
    const Snapshot& snapshot) {
  std::vector<Watched> all;
  for (const PoolRuntime& pool : snapshot.pools) {
    const std::vector<ServerConfig>& servers = pool.pool->config().servers;
    for (std::size_t i = 0; i < servers.size(); ++i) {
      if (pool.tls[i] == nullptr || pool.tls[i]->policy().pair == nullptr) continue;
      add_user(all, *servers[i].tls, {pool.pool->servers()[i], pool.tls[i]->policy()});
    }
  }
  return all;
}

void UpstreamCertificates::watch(const Snapshot& snapshot, base::MonoTime now) {
  watched_ = users_in(snapshot);
  start(snapshot, now);
}

void UpstreamCertificates::use_servers(const Snapshot& snapshot, base::MonoTime now) {
  std::vector<Watched> all = users_in(snapshot);
  const bool same_files = std::ranges::equal(all, watched_, {}, &Watched::files, &Watched::files);
  watched_ = std::move(all);
  if (!same_files) start(snapshot, now);
}

void UpstreamCertificates::start(const Snapshot& snapshot, base::MonoTime now) {
  watcher_.reset();
  if (watched_.empty()) return;
  std::vector<WatchedPair> pairs;
  for (const Watched& watched : watched_)
    pairs.push_back({watched.files, watched.users.front().policy.pair});
  const certs::LoadRules rules{.key_file = key_file_rules(*snapshot.config),
                               .use = certs::PairUse::client};
  watcher_ = std::make_unique<CertificateWatcher>(pairs, rules, WatchTiming{}, keys_, now);
}

std::vector<UpstreamCertificates::Change> UpstreamCertificates::tick(base::MonoTime now,
                                                                     base::WallTime wall) {
  std::vector<Change> changes;
  if (watcher_ == nullptr) return changes;
  watcher_->on_readable(now);
  if (now < watcher_->next_tick()) return changes;
  const WatchOutcome outcome = watcher_->tick(now, wall);
  for (const PairChange& change : outcome.changed)
    renew(watched_[change.index], change, changes);
  for (const PairFailure& failure : outcome.broken) {
    base::log_error("tls", "changed client certificate refused; the one before is still shown",
                    {{"file", watched_[failure.index].files.chain}, {"reason", failure.reason}});
  }
  for (const std::size_t index : outcome.recovered) {
    base::log_info("tls", "client certificate files are good again",
                   {{"file", watched_[index].files.chain}});
  }
  return changes;
}

void UpstreamCertificates::renew(Watched& watched, const PairChange& change,
                                 std::vector<Change>& changes) {
  for (User& user : watched.users) {
    user.policy.pair = change.pair;
    auto context = UpstreamContext::create(user.policy);
    if (!context) {
      base::log_error("tls", "client certificate not taken over",
                      {{"server", user.server->name()}, {"error", context.error().message}});
      continue;
    }
    changes.push_back({user.server, std::move(*context)});
  }
  base::log_info("tls", "client certificate replaced",
                 {{"file", watched.files.chain},
                  {"serial", change.pair->chain.info.serial},
                  {"not_after", certs::format_time(change.pair->chain.info.not_after)}});
}

}  // namespace ravelin::gateway
