#include "certs/acme/patience.h"

#include <poll.h>

#include <cerrno>

namespace ravelin::certs::acme {
namespace {

using namespace std::chrono_literals;
using base::Errc;
using base::fail;

constexpr base::Duration kSlice = 100ms;

int milliseconds(base::Duration duration) {
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

Result<> check_stop(const Patience& patience, std::string_view doing) {
  if (!patience.stop.stop_requested()) return {};
  return fail(Errc::unavailable, "{}: stopped", doing);
}

}  // namespace

Result<> wait_for(int fd, short events, const Patience& patience, std::string_view doing) {
  for (;;) {
    if (auto stopped = check_stop(patience, doing); !stopped) return stopped;
    const base::Duration left = patience.left();
    pollfd entry{.fd = fd, .events = events, .revents = 0};
    const int ready = ::poll(&entry, 1, milliseconds(std::min(left, kSlice)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return base::fail_errno(errno, doing);
    if (left == 0ns) return fail(Errc::timeout, "{}: no answer in time", doing);
  }
}

Result<> pause(base::Duration duration, const Patience& patience, std::string_view doing) {
  const base::MonoTime end = base::mono_now() + duration;
  for (;;) {
    if (auto stopped = check_stop(patience, doing); !stopped) return stopped;
    const base::MonoTime now = base::mono_now();
    if (now >= end) return {};
    if (now >= patience.until) return fail(Errc::timeout, "{}: no answer in time", doing);
    ::poll(nullptr, 0, milliseconds(std::min({end - now, patience.until - now, kSlice})));
  }
}

}  // namespace ravelin::certs::acme
