// The last good contents of a feed as the state directory keeps them, so that a start without the
// file, or with a damaged one, has what the last process had. Pure; any thread.
#pragma once

#include "firewall/control/keeper.h"

#include <chrono>
#include <string>
#include <string_view>

namespace ravelin::firewall {

struct FeedCopy {
  std::string identity;                // whose contents: feed_identity()
  std::chrono::sys_seconds written{};  // the file they were read from
  FeedBlocks blocks;
};

// All that decides what is made of a file: its name and format, and what is taken out of it.
std::string feed_identity(const policies::Feed& feed);

// So large is the copy of a list of eight million networks of IPv6; of a longer one none is kept.
inline constexpr std::size_t kFeedCopyBytesMax = 256 * 1024 * 1024;

// A hash, a head of lines, and the keys as they are. It finds damage, not forgery: who can write to
// the state directory can change the firewall anyhow.
std::string format_feed_copy(const FeedCopy& copy);
Result<FeedCopy> parse_feed_copy(std::string_view text);

}  // namespace ravelin::firewall
