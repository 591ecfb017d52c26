// What a store needs to be kept for years: an index that is made anew once much has been published
// since, and a journal that does not grow without end. For the owner of the store: the thread that
// renews it, and commands that change much. Blocks on the disk; several processes may be at it.
#pragma once

#include "base/clock.h"
#include "certs/file.h"
#include "certs/store/compact_journal.h"
#include "certs/store/store_dir.h"
#include "certs/view/store_index.h"

#include <optional>
#include <stop_token>
#include <string>

namespace ravelin::certs {

// What the decision is made from.
struct IndexFacts {
  std::size_t certificates = 0;   // of the store
  bool is_usable = false;         // there is an index that can be read, of this journal
  bool has_revoked = false;       // a key was revoked since it was made
  std::size_t changed = 0;        // certificates published or removed since
  std::uint64_t bytes_since = 0;  // of the journal, for whoever starts from it to read
};

// "" = it will do.
std::string why_index_anew(const IndexFacts& facts);

// At most that long a gateway starts without an index: reading so many takes a tenth of a second.
inline constexpr std::size_t kIndexedFrom = 1000;

class StoreUpkeep {
 public:
  // `store` must outlive it.
  explicit StoreUpkeep(const StoreDir& store, const CompactionRules& rules = {})
      : store_(store), rules_(rules) {}

  struct Done {
    bool indexed = false;
    bool compacted = false;
  };

  // Looks, and does what is due; half of the time it takes it sleeps. What goes wrong is logged,
  // and tried again after a while. Cheap when nothing has changed.
  Done tend(const std::stop_token& stop);

 private:
  struct Stamps {
    FileStamp index, journal, revoked;

    friend bool operator==(const Stamps&, const Stamps&) = default;
  };

  [[nodiscard]] Stamps stamps() const;
  [[nodiscard]] Result<IndexFacts> facts(JournalPlace& indexed) const;
  bool index_anew(const std::string& why, const std::stop_token& stop);
  void fail(const base::Error& error);

  const StoreDir& store_;
  CompactionRules rules_;
  std::optional<Stamps> settled_;  // with which there was nothing to do
  base::MonoTime not_before_;      // after a failure
  std::string trouble_;
};

}  // namespace ravelin::certs
