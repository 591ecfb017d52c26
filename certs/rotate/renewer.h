// Keeps the certificates of a store fresh, unattended, on a thread of its own: looks what is due,
// renews it, notes what went wrong and when to try again. Several processes may do so on one store:
// each certificate has one holder at a time, and the others follow. A look reads the certificates
// that changed since the last one and those that are due; of the others a few hundred at most, so
// that each has been read anew after some hours, whatever has happened to its files. What is due is
// renewed before any CA is asked when it would like the others renewed, and a CA that is away keeps
// nothing waiting but what only it can sign.
#pragma once

#include "certs/config/certs_config.h"
#include "certs/rotate/ca_rests.h"
#include "certs/rotate/plan.h"
#include "certs/rotate/renewal_book.h"
#include "certs/rotate/rotation.h"
#include "certs/rotate/store_news.h"

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace ravelin::certs {

struct RenewerOptions {
  seconds look_every{60};
  // Asked at the beginning of each look, on its thread: what is wanted from now on, if that has
  // changed. May be empty.
  std::function<std::optional<std::vector<CertificateConfig>>()> changed{};
  // Called after each look, on its thread. May be empty.
  std::function<void(const std::stop_token& stop)> upkeep{};
  std::size_t orders_per_look = 100;  // about; the rest at the next
  seconds asking_per_look{60};        // of asking CAs for their windows; the rest at the next
  std::size_t states_max = 1000;      // states() has the soonest
};

// What one certificate waits for, for metrics and status.
struct RenewalState {
  PlannedRenewal planned;
  Failures failures;
};

// The next few of them, and the last failure of all that are known.
struct RenewalSummary {
  std::vector<RenewalState> next;
  std::optional<RenewalState> last_failure;
};

class Renewer {
 public:
  // `parts.store` and what `parts` calls must outlive it.
  Renewer(RotationParts parts, std::vector<CertificateConfig> wanted, RenewerOptions options);
  Renewer(const Renewer&) = delete;
  Renewer& operator=(const Renewer&) = delete;
  ~Renewer();  // ends an order under way; it goes on another time

  void start();
  // Looks at once.
  void wake();

  // One look: renews what is due. Returns how many were renewed. For tests, and start() calls it.
  std::size_t look(const std::stop_token& stop);

  // Those that are due next, at most states_max, the first first.
  [[nodiscard]] std::vector<RenewalState> states() const;
  // Of those.
  [[nodiscard]] RenewalSummary summary(std::size_t count) const;

 private:
  // A certificate as its files are now.
  struct Read {
    BookEntry entry;
    HeldState held;
    std::optional<PlannedRenewal> planned;  // none: it has no issuer, or cannot be read
  };

  void take_configuration();
  bool read_news(const std::stop_token& stop);
  void read_anew(std::set<std::string> names, const std::stop_token& stop);
  // nullopt: there is none, and none is wanted.
  [[nodiscard]] std::optional<Read> read(const std::string& name);
  // False: what is served cannot be read, and may be as it should be.
  [[nodiscard]] bool fill(Read& read);
  bool say_unreadable(Read& read, const base::Error& error) const;
  void note_failure(const std::string& name, int noted_before, const base::Error& error);
  [[nodiscard]] Issuer* window_issuer(const Want& want, const GenerationInfo& info) const;
  void recall_window(Read& read);
  bool ask_windows(const std::stop_token& stop);
  bool ask_window(BookEntry& entry, const std::stop_token& stop);
  [[nodiscard]] std::optional<Want> want_of_name(const std::string& name) const;
  void heard(const std::string& issuer, const IssueFailure* failure);
  std::size_t renew_due(const std::stop_token& stop);
  void show_states();

  [[nodiscard]] sys_seconds now() const { return std::chrono::floor<seconds>(parts_.now()); }

  bool renew(const HeldState& state, const PlannedRenewal& renewal, const std::stop_token& stop);
  void run(const std::stop_token& stop);

  RotationParts parts_;
  RenewerOptions options_;
  mutable std::mutex mutex_;  // states_, has_news_
  std::condition_variable_any wake_;
  bool has_news_ = false;
  std::vector<RenewalState> states_;

  // The rest is the thread's own.
  std::map<std::string, CertificateConfig> wanted_;
  std::set<std::string> unread_;  // to be read at the next look
  StoreNews news_;
  RenewalBook book_;
  // What went wrong and could not be written into the certificate's history.
  std::map<std::string, Failures, std::less<>> unnoted_;
  std::size_t orders_ = 0;        // that were tried since the start
  CaRests rests_;                 // from ordering
  CaRests window_rests_;          // from asking for windows, which is no reason to order nothing
  std::vector<BookEntry> shown_;  // what states_ was made from, one by one
  std::string trouble_;
  std::jthread thread_;
};

}  // namespace ravelin::certs
