// RecentBans: the bans that began last, each with what caused it and what became of it in the
// firewall: what `ravelin why` is answered from. Bounded: the oldest go first. One thread at a
// time.
#pragma once

#include "base/address.h"
#include "base/clock.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

// What became of a ban in the firewall.
enum class KernelBan : std::uint8_t {
  not_asked,  // it has none, or the client comes through a proxy
  asked,
  made,
  refused,  // the text says why
  failed,
  dropped,  // the queue was full
};

std::string_view to_string(KernelBan state);

struct BanRecord {
  base::IpPrefix client;
  base::WallTime at;
  std::chrono::seconds duration{0};
  std::string reason;      // token of Reason: what it did last
  std::string rule;        // the trigger; "" = the budget
  std::string request_id;  // of the request that was one too many; "" = it came to none
  std::string listener;
  std::uint32_t offence = 1;
  std::uint64_t generation = 0;  // of the configuration that banned
  bool is_proxied = false;  // not the peer of the connection: requests are refused, not packets
  KernelBan kernel = KernelBan::not_asked;
  std::string kernel_text;

  friend bool operator==(const BanRecord&, const BanRecord&) = default;
};

class RecentBans {
 public:
  explicit RecentBans(std::size_t bans_max = 10'000) : bans_max_(bans_max) {}

  void add(BanRecord record);

  // The youngest ban of the client that waits for the firewall's word has it now.
  void settle(const base::IpPrefix& client, KernelBan state, std::string_view text);

  // The youngest first, at most `count`. Look at all.
  [[nodiscard]] std::vector<BanRecord> of_client(const base::IpAddress& client,
                                                 std::size_t count) const;
  [[nodiscard]] std::vector<BanRecord> of_request(std::string_view request_id,
                                                  std::size_t count) const;

 private:
  std::size_t bans_max_;
  std::deque<BanRecord> bans_;  // the oldest first
};

}  // namespace ravelin::gateway
