// When to look at the files of one certificate again, and what to make of what is found there. The
// decision only: no files, no clock; certificate_watcher.* does the looking.
#pragma once

#include "base/clock.h"
#include "certs/file.h"
#include "gateway/tls/settling.h"

#include <optional>
#include <string>

namespace ravelin::gateway {

enum class WatchVerdict {
  unchanged,     // what is there is what is served
  changed,       // serve the new pair
  broken,        // keep the old pair, tell the operator why
  still_broken,  // as before, told already
  recovered,     // broken before; what is there now is what is served
};

class PairWatch {
 public:
  PairWatch(certs::PairPtr served, const certs::PairStamps& stamps, const WatchTiming& timing)
      : served_(std::move(served)), stamps_(stamps), settling_(timing) {}

  // Something happened to a file.
  void on_event(base::MonoTime now) { settling_.on_event(now); }

  // A periodic look. A broken pair is due again at each look: it may only have been too young.
  void on_look(const certs::PairStamps& stamps, base::MonoTime now);

  // When the files should be loaded; nullopt = nothing to do.
  [[nodiscard]] std::optional<base::MonoTime> due() const { return settling_.due(); }

  // The files were loaded. On `changed`, served() is the new pair.
  WatchVerdict on_loaded(const certs::LoadedPair& loaded);

  [[nodiscard]] const certs::PairPtr& served() const { return served_; }

  // Why what is in the files is not served; "" = it is.
  [[nodiscard]] const std::string& broken_because() const { return broken_because_; }

 private:
  certs::PairPtr served_;
  certs::PairStamps stamps_;
  Settling settling_;
  std::string broken_because_;
};

// Same certificates, same order, same key.
bool is_same(const certs::CertificatePair& a, const certs::CertificatePair& b);

}  // namespace ravelin::gateway
