// The right to change one certificate of a store, for one process among all that share the
// directory: a record with a number that grows with each holder (the fence). Whoever lost the lease
// (stopped for longer than it lasts, cut off) finds a higher fence, and its change is refused.
// Blocks on the disk.
//
//   auto lease = Lease::take(path, holder, kLeaseTime);      // conflict: who has it, since when
//   … minutes of work: a thread renews it …
//   lease->while_held([&] { … the flip of a link … });       // refused if someone took it over
#pragma once

#include "base/clock.h"
#include "base/result.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace ravelin::certs {

using base::Result;

// Who holds a lease, as its record tells others.
struct LeaseHolder {
  std::string node;     // name of the machine
  std::string boot_id;  // of its kernel
  int pid = 0;
  std::uint64_t started = 0;  // when that process began, in clock ticks since boot
  std::string doing;          // "rotate"

  friend bool operator==(const LeaseHolder&, const LeaseHolder&) = default;
};

// This process.
LeaseHolder this_process(std::string doing);

struct LeaseRecord {
  std::uint64_t fence = 0;
  LeaseHolder holder;
  std::chrono::sys_seconds since{};
  std::chrono::sys_seconds expires{};  // the epoch: given back
};

std::string format_lease(const LeaseRecord& record);
Result<LeaseRecord> parse_lease(std::string_view text);

// Whether the next may have it: given back, expired, or of a process of this machine that is gone.
bool is_free(const LeaseRecord& record, const LeaseHolder& asking, bool holder_lives,
             std::chrono::sys_seconds now);

class Lease {
 public:
  // Errc::conflict: someone has it; the message says who. The file is made when it is not there.
  static Result<std::unique_ptr<Lease>> take(const std::string& path, const LeaseHolder& holder,
                                             std::chrono::seconds lasts);
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease();  // gives it back, if it still is ours

  [[nodiscard]] std::uint64_t fence() const { return record_.fence; }

  // Runs `step` with everyone else kept out, so that it should be short. Errc::conflict: the lease
  // has gone to another meanwhile, and nothing was run.
  Result<> while_held(const std::function<Result<>()>& step);

 private:
  Lease(std::string path, LeaseRecord record, std::chrono::seconds lasts);
  void keep_renewed();
  Result<> renew();

  std::string path_;
  std::chrono::seconds lasts_;
  std::mutex mutex_;  // record_, is_done_
  std::condition_variable wake_;
  LeaseRecord record_;
  bool is_done_ = false;
  std::thread renewer_;
};

}  // namespace ravelin::certs
