// What follows from a CA's answer: done, once more, later, or no. Pure decisions; fuzzed where they
// read text.
#pragma once

#include "base/clock.h"
#include "certs/acme/problem.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs::acme {

inline constexpr std::chrono::seconds kRetryAfterMin{1};
inline constexpr std::chrono::seconds kRetryAfterMax{24 * 3600};

// "120" or "Sun, 29 Nov 2026 19:10:37 GMT" as a wait from `now`, clamped to 1 s … 1 day; nothing
// for any other text.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view value, base::WallTime now);

// The URLs of `Link: <URL>;rel="relation"` headers (RFC 8288), in order, https only.
std::vector<std::string> linked(const std::vector<std::string>& headers, std::string_view relation);

// How one request went.
struct Attempt {
  int status = 0;  // 0 = no answer at all
  std::string problem_type{};
  std::optional<std::chrono::seconds> retry_after{};
  int tries = 1;          // of this kind of failure, this one counted
  bool can_retry = true;  // the failure may be gone next time (false: TLS, no HTTP, a redirect)
  base::Duration left{};  // until the caller's deadline
};

enum class Next { done, again, wait, give_up };

struct Verdict {
  Next next = Next::done;
  std::chrono::seconds wait{0};  // before the next try, Next::wait

  friend bool operator==(const Verdict&, const Verdict&) = default;
};

struct RetryLimits {
  int nonce_tries_max = 200;          // a CA that refuses every nonce is broken
  int failure_tries_max = 5;          // 5xx, no answer
  std::chrono::seconds wait_max{60};  // a longer Retry-After is the business of who asked
};

// A refused nonce is answered at once with the nonce that came along. 429 and 503 wait as long as
// they are told, other server errors and silence 1, 2, 4 … s; never so
// long that less than a second is left for the try itself.
Verdict judge(const Attempt& attempt, const RetryLimits& limits);

}  // namespace ravelin::certs::acme
