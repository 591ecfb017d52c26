#include "gateway/tls/certificate_watcher.h"

#include <algorithm>

namespace ravelin::gateway {
namespace {

certs::PairStamps stamps_at(const certs::PairFiles& files) {
  return {certs::stamp_at(files.chain),
          files.is_in_token() ? certs::FileStamp() : certs::stamp_at(files.key),
          files.secret_file.empty() ? certs::FileStamp() : certs::stamp_at(files.secret_file)};
}

}  // namespace

CertificateWatcher::CertificateWatcher(const std::vector<WatchedPair>& pairs,
                                       certs::LoadRules rules, const WatchTiming& timing,
                                       KeySource& keys, base::MonoTime now)
    : rules_(std::move(rules)), timing_(timing), keys_(keys), next_look_(now + timing.look_every) {
  for (const auto& pair : pairs)
    pairs_.push_back({pair.files, PairWatch(pair.served, pair.stamps, timing)});
  watch_directories();
  // The files may have changed between their loading and now.
  look(now);
}

void CertificateWatcher::watch_directories() {
  std::vector<PathWatch::Entry> entries;
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const certs::PairFiles& files = pairs_[i].files;
    entries.push_back({files.chain, i});
    if (!files.is_in_token()) entries.push_back({files.key, i});
    if (!files.secret_file.empty()) entries.push_back({files.secret_file, i});
  }
  paths_.watch(entries);
}

void CertificateWatcher::look(base::MonoTime now) {
  for (auto& pair : pairs_)
    pair.watch.on_look(stamps_at(pair.files), now);
}

void CertificateWatcher::on_readable(base::MonoTime now) {
  paths_.take_events([this, now](std::size_t index) {
    if (index != PathWatch::kAll) return pairs_[index].watch.on_event(now);
    for (auto& pair : pairs_)
      pair.watch.on_event(now);
  });
}

WatchOutcome CertificateWatcher::tick(base::MonoTime now, base::WallTime wall) {
  if (now >= next_look_) {
    next_look_ = now + timing_.look_every;
    look(now);
  }
  WatchOutcome outcome;
  std::size_t loaded = 0;
  for (std::size_t i = 0; i < pairs_.size() && loaded < kLoadsPerTick; ++i) {
    const auto due = pairs_[i].watch.due();
    if (!due || *due > now) continue;
    // First the watches, then the files: a change in between is an event.
    if (loaded++ == 0) watch_directories();
    load(i, wall, outcome);
  }
  return outcome;
}

void CertificateWatcher::load(std::size_t index, base::WallTime wall, WatchOutcome& outcome) {
  auto& [files, watch] = pairs_[index];
  certs::LoadedPair loaded = load_pair_with_key(files, rules_, wall, keys_);
  switch (watch.on_loaded(loaded)) {
    case WatchVerdict::changed:
      outcome.changed.push_back({index, loaded.pair, loaded.stamps, std::move(loaded.findings)});
      break;
    case WatchVerdict::broken:
      outcome.broken.push_back({index, watch.broken_because()});
      break;
    case WatchVerdict::recovered:
      outcome.recovered.push_back(index);
      break;
    case WatchVerdict::unchanged:
    case WatchVerdict::still_broken:
      break;
  }
}

base::MonoTime CertificateWatcher::next_tick() const {
  base::MonoTime next = next_look_;
  for (const auto& pair : pairs_)
    if (const auto due = pair.watch.due(); due) next = std::min(next, *due);
  return next;
}

}  // namespace ravelin::gateway
