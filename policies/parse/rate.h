// The three tiny mini-languages inside strings: rates ("50/s burst 200", "20MB/s"), bans ("1h after
// 30/min", "ban 10m") and repetitions ("251 in 1s"). Pure; any thread.
#pragma once

#include "policies/parse/words.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ravelin::policies {

// COUNT/UNIT with an optional "burst COUNT"; UNIT is s, min, h or d. A count with a size's unit
// (kB, MB, GB, KiB, MiB, GiB) is bytes. Without a burst: 5 packets, or as many bytes as pass in a
// second.
Result<Rate> parse_rate(std::string_view text);
Result<Rate> parse_packet_rate(std::string_view text);
Result<Rate> parse_byte_rate(std::string_view text);

// "1h", or "1h after 30/min".
Result<BanAfter> parse_ban_after(std::string_view text);

// What `over` says: "deny", "ban" (as long as `bans.default`) or "ban 10m".
struct Over {
  bool is_ban = false;
  std::optional<std::chrono::seconds> duration;
};

Result<Over> parse_over(std::string_view text);

// "251 in 1s": so many packets, spread evenly.
struct Repeat {
  std::uint32_t count = 1;
  std::chrono::milliseconds within{1000};
};

Result<Repeat> parse_repeat(std::string_view text);

// "x2": by how much each ban of one address is longer than the one before.
Result<int> parse_factor(std::string_view text);

}  // namespace ravelin::policies
