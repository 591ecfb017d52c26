// Between the process that renews certificates and the gateway that shows them: what the gateway
// sees of a challenge and of a swap, and how renewal fares. See message.h for the rules.
#pragma once

#include "messages/fields.h"
#include "messages/vocabulary.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::messages {

// To the gateway: does every worker answer this challenge? Answered by ChallengeState.
struct ChallengeQuestion {
  static constexpr std::uint16_t kType = 44;
  static constexpr std::string_view kName = "challenge_question";

  std::string token;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("token", self.token, kNameBytes);
  }

  friend bool operator==(const ChallengeQuestion&, const ChallengeQuestion&) = default;
};

struct ChallengeState {
  static constexpr std::uint16_t kType = 45;
  static constexpr std::string_view kName = "challenge_state";

  std::uint32_t workers = 0;  // none: no such challenge is up
  std::uint32_t answering = 0;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("workers", self.workers);
    visit("answering", self.answering);
  }

  [[nodiscard]] std::string_view flaw() const {
    return answering > workers ? "more workers answer than there are" : "";
  }

  friend bool operator==(const ChallengeState&, const ChallengeState&) = default;
};

// A generation that took another's place, or is tried on some clients. Part of other messages.
struct SwapRef {
  std::string store;
  std::string name;
  std::uint64_t before = 0;
  std::uint64_t generation = 0;
  Flag is_canary = Flag::no;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("store", self.store, kPathBytes);
    visit("name", self.name, kNameBytes);
    visit("before", self.before);
    visit("generation", self.generation);
    visit("is_canary", self.is_canary);
  }

  [[nodiscard]] std::string_view flaw() const {
    if (name.empty()) return "a certificate has a name";
    return generation == 0 ? "what is shown has a generation" : "";
  }

  friend bool operator==(const SwapRef&, const SwapRef&) = default;
};

// Of the gateway, as it comes about, and of all that have once somebody listens.
struct SwapNote {
  static constexpr std::uint16_t kType = 46;
  static constexpr std::string_view kName = "swap_note";

  SwapRef swap;
  std::chrono::seconds ago{0};

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    SwapRef::visit_fields(self.swap, visit);
    visit("ago", self.ago);
  }

  [[nodiscard]] std::string_view flaw() const { return swap.flaw(); }

  friend bool operator==(const SwapNote&, const SwapNote&) = default;
};

// To the gateway: how does it go? Answered by SwapState.
struct SwapQuestion {
  static constexpr std::uint16_t kType = 47;
  static constexpr std::string_view kName = "swap_question";

  SwapRef swap;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    SwapRef::visit_fields(self.swap, visit);
  }

  [[nodiscard]] std::string_view flaw() const { return swap.flaw(); }

  friend bool operator==(const SwapQuestion&, const SwapQuestion&) = default;
};

struct SwapState {
  static constexpr std::uint16_t kType = 48;
  static constexpr std::string_view kName = "swap_state";

  Flag is_shown = Flag::no;            // it is this generation still
  Flag is_by_every_worker = Flag::no;  // already
  std::uint64_t accepted = 0;          // full handshakes that ended well
  std::uint64_t refusing = 0;          // clients that took the one before, and refuse it
  std::vector<std::string> places;     // "127.0.0.1:443", "unix:/run/x": where it can be asked for
  std::vector<TlsVersions> versions;   // at each

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("is_shown", self.is_shown);
    visit("is_by_every_worker", self.is_by_every_worker);
    visit("accepted", self.accepted);
    visit("refusing", self.refusing);
    visit("places", self.places, kPlaces);
    visit("versions", self.versions, kPlaces);
  }

  [[nodiscard]] std::string_view flaw() const {
    for (const std::string& place : places)
      if (place.empty() || place.size() > kNameBytes.count) return "a place has 1 to 255 bytes";
    return places.size() == versions.size() ? "" : "each place has its versions";
  }

  friend bool operator==(const SwapState&, const SwapState&) = default;
};

// To the gateway, for its status and metrics: when a certificate is renewed, the first first. What
// was told before counts no more once RenewalsTold has come.
struct RenewalNote {
  static constexpr std::uint16_t kType = 49;
  static constexpr std::string_view kName = "renewal_note";

  std::string name;
  std::chrono::seconds at{0};  // Unix time; 0 = at once
  std::string why;
  std::uint32_t failures = 0;      // in a row
  std::chrono::seconds failed{0};  // Unix time of the last one
  std::string error;               // of it, in the CA's own words

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("name", self.name, kNameBytes);
    visit("at", self.at);
    visit("why", self.why, kTextBytes);
    visit("failures", self.failures);
    visit("failed", self.failed);
    visit("error", self.error, kTextBytes);
  }

  [[nodiscard]] std::string_view flaw() const {
    return name.empty() ? "a certificate has a name" : "";
  }

  friend bool operator==(const RenewalNote&, const RenewalNote&) = default;
};

// What is left of a limit of a CA.
struct LimitNote {
  static constexpr std::uint16_t kType = 50;
  static constexpr std::string_view kName = "limit_note";

  std::string issuer;
  std::string limit;  // account, registered_domain, exact_names
  std::string what;   // "certificates for example.com in 7 d"; "" = nothing counts for it
  std::uint64_t left = 0;
  std::uint64_t most = 0;
  Flag is_assumed = Flag::no;  // the CA's own are not known

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("issuer", self.issuer, kNameBytes);
    visit("limit", self.limit, kTokenBytes);
    visit("what", self.what, kTextBytes);
    visit("left", self.left);
    visit("most", self.most);
    visit("is_assumed", self.is_assumed);
  }

  [[nodiscard]] std::string_view flaw() const {
    return issuer.empty() || limit.empty() ? "a limit is one of an issuer" : "";
  }

  friend bool operator==(const LimitNote&, const LimitNote&) = default;
};

// The notes before it are all there is to tell.
struct RenewalsTold {
  static constexpr std::uint16_t kType = 51;
  static constexpr std::string_view kName = "renewals_told";

  // Generations taken back since the sender began, and why.
  std::uint64_t by_probe = 0;
  std::uint64_t by_alerts = 0;

  template <class Self, class Visit>
  static void visit_fields(Self& self, Visit& visit) {
    visit("by_probe", self.by_probe);
    visit("by_alerts", self.by_alerts);
  }

  friend bool operator==(const RenewalsTold&, const RenewalsTold&) = default;
};

}  // namespace ravelin::messages
