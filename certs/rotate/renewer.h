// Keeps the certificates of a store fresh, unattended, on a thread of its own: looks what is due,
// renews it, notes what went wrong and when to try again. Several processes may do so on one store:
// each certificate has one holder at a time, and the others follow.
#pragma once

#include "certs/config/certs_config.h"
#include "certs/rotate/plan.h"
#include "certs/rotate/rotation.h"
#include "certs/view/held_certificate.h"

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace ravelin::certs {

struct RenewerOptions {
  seconds look_every{60};
  // Asked at the beginning of each look, on its thread: what is wanted from now on, if that has
  // changed. May be empty.
  std::function<std::optional<std::vector<CertificateConfig>>()> changed{};
  std::size_t renewals_per_look = 100;  // the rest at the next
};

// What one certificate waits for, for metrics and status.
struct RenewalState {
  PlannedRenewal planned;
  Failures failures;
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

  [[nodiscard]] std::vector<RenewalState> states() const;

 private:
  [[nodiscard]] std::vector<HeldState> held(const std::stop_token& stop);
  [[nodiscard]] HeldState held_state(const std::string& name, Want want, const RevokedKeys& revoked,
                                     const std::stop_token& stop);
  [[nodiscard]] std::optional<RenewalWindow> window_of(const std::string& name, const Want& want,
                                                       const GenerationInfo& served,
                                                       const std::stop_token& stop);
  bool renew(const HeldState& state, const PlannedRenewal& renewal, const std::stop_token& stop);
  void run(const std::stop_token& stop);

  RotationParts parts_;
  RenewerOptions options_;
  mutable std::mutex mutex_;  // states_, has_news_
  std::condition_variable_any wake_;
  bool has_news_ = false;
  std::vector<RenewalState> states_;
  std::vector<CertificateConfig> wanted_;  // the thread's own, from here on

  // What the CA said last of a generation.
  struct Window {
    std::uint64_t generation = 0;
    std::optional<RenewalWindow> window;
    base::WallTime ask_again{};
  };

  std::map<std::string, Window> windows_;
  std::jthread thread_;
};

}  // namespace ravelin::certs
