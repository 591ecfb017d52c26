// What is to be renewed, and when: decided from what is known of a certificate and the time, so
// that every process that asks comes to the same answer. Pure; any thread.
#pragma once

#include "certs/issuer/issuer.h"
#include "certs/store/history.h"

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ravelin::certs {

using std::chrono::seconds;
using std::chrono::sys_seconds;

// What the decision is made from.
struct RenewalFacts {
  std::string name;
  sys_seconds not_before{};
  sys_seconds not_after{};
  std::optional<RenewalWindow> window;  // what the CA would like (RFC 9773)
  bool is_revoked = false;              // it or its key
};

struct RenewalTime {
  sys_seconds at{};
  std::string why;  // "2/3 of its lifetime are over", for people
};

// The CA's window, else when a third of the lifetime is left (half of it below ten days). The
// moment within the window, or a twentieth of the lifetime around that, hangs on the name and the
// certificate alone: many certificates do not come due at once, and processes agree without
// talking. Never later than when a twentieth is left.
RenewalTime renewal_time(const RenewalFacts& facts);

// From then on any issuer will do: a twentieth of the lifetime is left.
sys_seconds emergency_time(const RenewalFacts& facts);

// How long after the last of that many failures in a row to try again: minutes at first, a day at
// most.
seconds back_off(int failures);

// No wait that begins at `failed` is longer: an eighth of what is left then, a minute at least; an
// hour once it has ended, or it or its key is revoked.
seconds longest_wait(const RenewalFacts& facts, sys_seconds failed);

struct Failures {
  int in_a_row = 0;
  int refused = 0;  // of those: generations that were taken back because clients refused them
  sys_seconds last{};
  std::string why;
  // Issuers that are not to be asked for this certificate before that, as they wish.
  std::map<std::string, sys_seconds, std::less<>> waits{};
};

// Failed attempts since the last generation came about.
Failures failures_in(std::span<const HistoryEntry> history);

}  // namespace ravelin::certs
