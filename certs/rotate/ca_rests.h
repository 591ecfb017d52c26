// CAs that are left alone for a while. One that is away costs minutes for each name that asks it:
// it is asked again now and then by one of them, and all others wait for that, or go to another
// issuer. Pure; the renewal's thread.
#pragma once

#include "certs/issuer/issuer.h"
#include "certs/rotate/schedule.h"

#include <map>
#include <string>
#include <string_view>

namespace ravelin::certs {

// Of one issuer.
struct CaRest {
  sys_seconds until{};  // asked from then on
  int away = 0;         // times in a row it was asked and away

  friend bool operator==(const CaRest&, const CaRest&) = default;
};

// By the configuration's names for them.
using CaRestMap = std::map<std::string, CaRest, std::less<>>;

class CaRests {
 public:
  // Longer than any: what is further ahead was noted before the clock was set back.
  static constexpr std::chrono::hours kRestMax{6};
  static constexpr int kTurnedDownMax = 3;
  static constexpr std::chrono::minutes kTurnedDownRest{1};

  // Away: 1, 2, 5, 10, then 15 minutes, or as long as it asks for. It answers, but three in a row
  // got nothing for want of time or room (429): a minute, since that may be about their names only.
  // Anything else is an answer like any other.
  void failed(const std::string& issuer, const IssueFailure& failure, sys_seconds now);
  void answered(const std::string& issuer);

  // Those that rest now.
  [[nodiscard]] CaRestMap resting(sys_seconds now) const;
  // The epoch: it does not.
  [[nodiscard]] sys_seconds until(std::string_view issuer, sys_seconds now) const;

 private:
  struct Kept {
    CaRest rest;
    int turned_down = 0;  // in a row
  };

  std::map<std::string, Kept, std::less<>> kept_;
};

}  // namespace ravelin::certs
