// Notices changed certificate files and loads them: inotify on every directory that decides what
// the paths mean, stat() now and then for what inotify does not see. A pair is validated before it
// is offered; a broken one is reported once and the last good one stays. Control thread only; it
// reads files, so never a worker's.
//
//   watcher.fd() readable   -> watcher.on_readable(now)
//   at watcher.next_tick()  -> for (auto& change : watcher.tick(now, wall_now()).changed) …
#pragma once

#include "certs/file.h"
#include "gateway/tls/key_source.h"
#include "gateway/tls/pair_watch.h"
#include "gateway/tls/path_watch.h"

#include <string>
#include <vector>

namespace ravelin::gateway {

struct WatchedPair {
  certs::PairFiles files;      // absolute paths
  certs::PairPtr served;       // as loaded from them; never null
  certs::PairStamps stamps{};  // LoadedPair::stamps; left out, the files are loaded once more
};

struct PairChange {
  std::size_t index;  // of the pair in the list given to open()
  certs::PairPtr pair;
  certs::PairStamps stamps;
  std::vector<certs::PairFinding> warnings;
};

struct PairFailure {
  std::size_t index;
  std::string reason;  // "E_KEY_MISMATCH: …"
};

struct WatchOutcome {
  std::vector<PairChange> changed;
  std::vector<PairFailure> broken;     // newly broken, or for another reason than before
  std::vector<std::size_t> recovered;  // broken before; the files hold the served pair again
};

class CertificateWatcher {
 public:
  // Never fails: without inotify (its limits are used up) only the periodic look remains, and
  // degraded_because() says so. `keys` must outlive it.
  CertificateWatcher(const std::vector<WatchedPair>& pairs, certs::LoadRules rules,
                     const WatchTiming& timing, KeySource& keys, base::MonoTime now);
  CertificateWatcher(const CertificateWatcher&) = delete;
  CertificateWatcher& operator=(const CertificateWatcher&) = delete;
  ~CertificateWatcher() = default;

  [[nodiscard]] int fd() const { return paths_.fd(); }  // -1: there is none

  void on_readable(base::MonoTime now);

  // Looks and loads what is due, at most kLoadsPerTick pairs (about 3 ms each): the rest at once
  // in the next tick.
  static constexpr std::size_t kLoadsPerTick = 32;
  WatchOutcome tick(base::MonoTime now, base::WallTime wall);

  // When tick() has something to do, unless fd() becomes readable before.
  [[nodiscard]] base::MonoTime next_tick() const;

  [[nodiscard]] const std::string& degraded_because() const { return paths_.degraded_because(); }

 private:
  struct Watched {
    certs::PairFiles files;
    PairWatch watch;
  };

  void watch_directories();
  void look(base::MonoTime now);
  void load(std::size_t index, base::WallTime wall, WatchOutcome& outcome);

  std::vector<Watched> pairs_;
  certs::LoadRules rules_;
  WatchTiming timing_;
  KeySource& keys_;
  base::MonoTime next_look_;
  PathWatch paths_;
};

}  // namespace ravelin::gateway
