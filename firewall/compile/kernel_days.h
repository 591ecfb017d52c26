// Days of the week in UTC, in the words of a kernel whose days begin elsewhere: nftables counts
// days in the time zone the kernel was told at its start (from a hardware clock in local time), but
// hours in UTC. Pure; any thread. Source: nft_meta_weekday() and nft_meta_hour() of
// net/netfilter/nft_meta.c.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace ravelin::firewall {

struct PartOfDay {
  std::uint8_t day = 0;                 // the kernel's, 0 = Sunday
  std::chrono::seconds from{0}, to{0};  // UTC, `to` not included; 24h: to the end

  friend bool operator==(const PartOfDay&, const PartOfDay&) = default;
};

// What the kernel calls a day of UTC, 0 = Sunday: its own, or parts of two. `west`: of its time
// zone, less than a day.
std::vector<PartOfDay> kernel_day(std::uint8_t day, std::chrono::minutes west);

}  // namespace ravelin::firewall
