// A feed's file to its contents, in pieces of 64 KiB: the file is never in memory as a whole.
// Blocks on the disk; any thread.
#pragma once

#include "firewall/feed/parser.h"

namespace ravelin::firewall::feed {

struct FeedLimits {
  std::uint64_t file_bytes_max = std::uint64_t{1} << 30;
  std::uint64_t unpacked_bytes_max = std::uint64_t{1} << 30;
};

// What the file holds now. An error (with file and line, where there is one) leaves whatever was
// loaded before as it is: a feed that cannot be the list it was never replaces a good one.
// `entries_before` is how many it had then; 0: none, or never loaded.
base::Result<FeedContents> load_feed(const policies::Feed& feed, std::uint64_t entries_before,
                                     const FeedLimits& limits = {});

}  // namespace ravelin::firewall::feed
