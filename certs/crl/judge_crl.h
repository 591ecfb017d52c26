// Decisions about certificate revocation lists (RFC 5280 section 5) that come again and again:
// which of two counts, whether one is over, when to ask for the next. Values only; any thread.
#pragma once

#include "base/clock.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ravelin::certs {

// What a list says of itself.
struct CrlFacts {
  std::string issuer;  // RFC 2253 text
  std::string number;  // hexadecimal digits in upper case, an even count; "" = it has none
  base::WallTime this_update{};
  std::optional<base::WallTime> next_update{};
  std::string sha256;  // of the whole list, hexadecimal
  std::size_t revoked = 0;
};

enum class CrlVerdict : unsigned char {
  unchanged,  // the one held
  newer,      // to be held instead
  older,    // its number, or where one of the two has none its date, is not above that of the held
  not_yet,  // its thisUpdate is to come: with it every client would be refused
};

// `held` is of the same CA and scope; null = none is.
CrlVerdict judge_crl(const CrlFacts* held, const CrlFacts& offered, base::WallTime now);

// One without nextUpdate never is.
bool is_over(const CrlFacts& facts, base::WallTime now);

// What came of asking a server for its list, or lists: the worst of them.
enum class CrlFetch : std::uint8_t {
  unchanged,
  taken,    // a newer one is held now
  older,    // older than the one held, which stays
  expired,  // the newest there is, but over
  not_yet,
  refused,  // no list, or none that may be believed
  failed,   // no answer, or not in time, or too much of it
  count_,
};
inline constexpr std::size_t kCrlFetches = static_cast<std::size_t>(CrlFetch::count_);
std::string_view to_string(CrlFetch result);  // the metric's label

// Leaves a good list in place; all others are asked for again soon.
bool is_good(CrlFetch result);

struct CrlTiming {
  std::chrono::seconds refresh{3600};          // at least this often
  std::chrono::seconds first_retry{10};        // doubles with each failure
  std::chrono::seconds retry_max{600};         // while a list is good
  std::chrono::seconds retry_max_without{60};  // while none is

  friend bool operator==(const CrlTiming&, const CrlTiming&) = default;
};

struct CrlStanding {
  int failures = 0;                            // in a row
  std::optional<base::WallTime> ends_first{};  // of the lists held; nullopt: none is
};

// From one attempt to the next. After a good one: `refresh`, or half of what is left to the first
// of the lists when that is less. After others: `first_retry`, doubled for each one before.
std::chrono::seconds until_next_fetch(const CrlStanding& standing, const CrlTiming& timing,
                                      base::WallTime now);

}  // namespace ravelin::certs
