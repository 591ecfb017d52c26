// How long a wait may last, and who may end it early. Every wait of the ACME client takes one.
#pragma once

#include "base/clock.h"
#include "base/result.h"

#include <algorithm>
#include <stop_token>
#include <string_view>

namespace ravelin::certs::acme {

using base::Result;

struct Patience {
  base::MonoTime until;
  std::stop_token stop{};

  [[nodiscard]] base::Duration left() const {
    return std::max(until - base::mono_now(), base::Duration(0));
  }

  // The same, but over after `most` at the latest.
  [[nodiscard]] Patience at_most(base::Duration most) const {
    return {std::min(until, base::mono_now() + most), stop};
  }
};

// ---- both notice a stop within a tenth of a second ----

// Until poll() reports any of `events` for `fd`. Errors: Errc::timeout, Errc::unavailable
// (stopped); both begin with `doing`.
Result<> wait_for(int fd, short events, const Patience& patience, std::string_view doing);
// `duration`, or as long as patience lasts: then, or when stopped, the same errors.
Result<> pause(base::Duration duration, const Patience& patience, std::string_view doing);

}  // namespace ravelin::certs::acme
