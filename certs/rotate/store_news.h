// Which certificates of a store are to be looked at anew: those its journal names since, and those
// whose folders came or went. Blocks on the disk; the renewal's thread.
#pragma once

#include "certs/file.h"
#include "certs/store/journal.h"
#include "certs/store/revoked_serials.h"
#include "certs/store/store_dir.h"
#include "certs/view/held_certificate.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ravelin::certs {

class StoreNews {
 public:
  // `store` must outlive it.
  explicit StoreNews(const StoreDir& store) : store_(store) {}

  struct Since {
    // All have to be looked at: it is the first time, the journal is another, a key or certificate
    // was revoked (nothing in the journal says whose).
    bool all = false;
    std::set<std::string> names;
    // What there is now, sorted; none: the same as before.
    std::optional<std::vector<std::string>> listing;
  };

  // Since the last call. Errors: the store cannot be read; what happened until then comes with the
  // next call.
  Result<Since> take();

  // Whether it, or a key of it, was.
  [[nodiscard]] bool is_revoked(const GenerationInfo& info) const {
    return has_revoked_key(info, revoked_) || has_revoked_serial(info, serials_);
  }

 private:
  Result<> list(Since& since);

  const StoreDir& store_;
  bool is_first_ = true;
  JournalPlace place_;
  std::set<std::string> open_;  // announced and not closed: looked at each time
  RevokedKeys revoked_;
  RevokedSerials serials_;
  FileStamp folder_;  // of the certificates, as it was listed
};

}  // namespace ravelin::certs
