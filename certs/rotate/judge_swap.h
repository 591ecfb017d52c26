// Whether a generation that has taken another's place stays, or is taken back: decided from what a
// gateway has seen since. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace ravelin::certs {

// What a strict client sees at the gateway's own listeners.
enum class ProbeSays : std::uint8_t {
  nothing,  // nobody could be reached (yet): no word about the certificate
  shown,    // it is shown, and taken
  another,  // an older generation: someone shows it who does not follow the store
  refused,  // a certificate of nobody's, or one that clients do not take
};

struct SwapFacts {
  bool is_canary = false;  // some clients get it; the others still get the one before
  std::string reason{};    // of the generation: "renewal", "rotate", "key-compromise"
  bool is_chosen = false;  // someone went to it by `rollback`
  bool was_taken_back = false;
  std::string older_unfit{};  // why the one before may not be served again; "" = it may
};

struct SwapSeen {
  std::chrono::seconds since{};
  std::uint64_t accepted = 0;  // full handshakes that ended well with it
  std::uint64_t refusing = 0;  // clients that took the one before, and refuse it by an alert
  ProbeSays probe = ProbeSays::nothing;
  std::string probe_text{};  // what it saw
};

struct SwapRules {
  std::chrono::seconds lasts{300};  // of the watch; of a canary: then all get it, 0 = never
  // Fewer clients are an accident of theirs. Ending a canary takes nothing from anyone: a few do.
  std::uint64_t refusing_least = 20;
  std::uint64_t canary_refusing_least = 5;
  // Nor is it a jump when hundreds of handshakes go well for each of them.
  std::uint64_t accepted_per_refusing = 100;
};

enum class SwapStep : std::uint8_t { keep_watching, settled, take_back };

struct SwapVerdict {
  SwapStep step = SwapStep::keep_watching;
  std::string why{};    // for people; "" while there is nothing to say
  std::string cause{};  // of trouble: "probe", "alerts"; "" = there is none
};

// Trouble takes it back (a canary is given up), unless: the key before is in other hands, someone
// chose it, it was taken back before, the older one may not be served. Then it stays, settled, and
// `why` says what is wrong.
SwapVerdict judge_swap(const SwapFacts& facts, const SwapSeen& seen, const SwapRules& rules);

}  // namespace ravelin::certs
