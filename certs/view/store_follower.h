// Follows a store as it changes: maps its index, reads what its journal has since, and makes a new
// view of each change. When the index is made anew, it changes over to that: what it holds in
// memory does not grow with the years. What cannot be served is said once, and what was served
// before stays. The control thread's; it reads files, so never a worker's.
//
//   auto follower = StoreFollower::open(path, {});
//   now and then, or when fd() is readable: if (follower->poll(now)) publish(follower->view());
#pragma once

#include "base/clock.h"
#include "base/handle.h"
#include "certs/file.h"
#include "certs/store/canary_file.h"
#include "certs/store/journal.h"
#include "certs/store/store_dir.h"
#include "certs/view/challenge_answers.h"
#include "certs/view/held_certificate.h"
#include "certs/view/store_view.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ravelin::certs {

// Another generation of a certificate is shown from here on.
struct CertificateSwap {
  std::string name;
  std::uint64_t before = 0;
  std::uint64_t generation = 0;
  bool is_canary = false;  // of some clients; the others get `before`

  friend bool operator==(const CertificateSwap&, const CertificateSwap&) = default;
};

// The keys of a store that are in another process.
struct StoreKeys {
  KeyMaker make;  // null: they are read here
  // Whether that process has the key of a pair that is about to be served, and it fits. Waits for
  // the answer. Errc::unavailable: there is none.
  std::function<Result<>(const IndexEntry& entry, PairSlot slot, const CertificateInfo& info)>
      check;
};

struct FollowOptions {
  std::size_t parsed_max = 4096;      // certificates kept as OpenSSL objects
  std::size_t changes_per_poll = 64;  // about a millisecond each
  // Changes held in memory that are worth changing over to a new index for.
  std::size_t rebase_from = 100;
  // At what was announced and not closed, at the keys that were revoked, and at the index.
  base::Duration look_every = std::chrono::seconds(1);
  StoreKeys keys{};
};

class StoreFollower final : public CertStore {
 public:
  // With the view of what is served now. Without an index that can be used every certificate is
  // read, which takes its time. Errors: those of StoreDir::open.
  static Result<std::unique_ptr<StoreFollower>> open(const std::string& path,
                                                     const FollowOptions& options);
  StoreFollower(const StoreFollower&) = delete;
  StoreFollower& operator=(const StoreFollower&) = delete;
  ~StoreFollower() override;

  [[nodiscard]] std::shared_ptr<const CertificateView> view() const override { return view_; }

  // Another object after poll() when challenges have come or gone.
  [[nodiscard]] const std::shared_ptr<const ChallengeAnswers>& challenges() const {
    return challenges_;
  }

  [[nodiscard]] const std::shared_ptr<const StoreView>& store_view() const { return view_; }

  // Readable when something may have changed; -1: inotify is not to be had, poll() all the same.
  [[nodiscard]] int fd() const { return inotify_; }

  // Takes over what is new, changes_per_poll of it at most. True: view() is another.
  bool poll(base::MonoTime now);

  // Whether poll() has more to do at once.
  [[nodiscard]] bool has_more() const { return !waiting_.empty(); }

  // Generations that took the place of others since the last call, in order.
  std::vector<CertificateSwap> take_swaps() { return std::exchange(swaps_, {}); }

  // Generations that some clients are shown, by the certificate's name.
  [[nodiscard]] const std::map<std::string, Canary>& canaries() const { return canaries_; }

  // Why the journal cannot be read; "" = it can.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

  // Certificates whose newest generation is not served, and why.
  [[nodiscard]] const std::map<std::string, std::string>& refused() const { return refused_; }

  // How the first view came about, for the log.
  struct Start {
    bool used_index = false;
    std::string why_not;  // if it was not
  };

  [[nodiscard]] const Start& start() const { return start_; }

 private:
  StoreFollower(StoreDir store, const FollowOptions& options);
  Result<> begin();
  Result<> read_all();
  void watch();
  [[nodiscard]] bool watch_journal() const;
  void note(const std::vector<JournalLine>& lines);
  void read_news(base::MonoTime now);
  void look_at_all();
  bool take_over(const std::string& name);
  bool rebase();
  [[nodiscard]] FileStamp stamp_of_index() const;
  void read_challenges_anew();
  void read_canaries_anew();
  bool settle_canaries();
  std::shared_ptr<const CanaryPairs> ready(const Canary& canary);
  [[nodiscard]] bool serves_revoked_key(const std::string& name) const;
  bool refuse(const std::string& name, const std::string& why);
  [[nodiscard]] KeyReading reading() const;
  [[nodiscard]] Result<> check_keys(const PairSet& pairs, const IndexEntry& entry) const;

  StoreDir store_;
  FollowOptions options_;
  std::shared_ptr<PairCache> pairs_;
  std::shared_ptr<const StoreView> view_;
  std::shared_ptr<const ChallengeAnswers> challenges_;
  std::vector<Challenge> known_challenges_;
  FileStamp challenge_stamp_;
  FileStamp index_stamp_;  // of the index that was looked at last
  FileStamp canary_stamp_;
  std::vector<Canary> wanted_canaries_;         // as the store has them
  std::map<std::string, Canary> canaries_;      // that are shown
  std::map<std::string, std::string> unshown_;  // why others are not
  StoreView::Canaries canary_pairs_;            // of those shown
  JournalPlace place_;
  RevokedKeys revoked_;
  std::uint64_t next_id_ = 1;
  std::set<std::string> waiting_;     // to be looked at
  std::set<std::string> open_;        // announced, not closed
  std::set<std::string> leaving_;     // announced to go, and still there
  std::set<std::string> unanswered_;  // whether their keys are there; asked again
  base::MonoTime next_look_;
  std::map<std::string, std::string> refused_;
  std::vector<CertificateSwap> swaps_;
  std::string trouble_;
  Start start_;
  bool is_begun_ = false;  // the first view is there
  int inotify_ = -1;
};

}  // namespace ravelin::certs
