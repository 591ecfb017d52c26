// One entry of a feed: an address, a prefix, or a range of two. Quick, because a feed has millions.
// Pure; any thread.
#pragma once

#include "firewall/feed/keys.h"

#include <string_view>

namespace ravelin::firewall::feed {

struct Entries {
  Gathered<Key4> v4;
  Gathered<Key6> v6;

  [[nodiscard]] std::size_t count() const {
    return v4.hosts.size() + v4.nets.size() + v6.hosts.size() + v6.nets.size();
  }
};

// Adds what `text` (without blanks around it) says: "192.0.2.1", "192.0.2.0/24", "2001:db8::/32",
// "192.0.2.1-192.0.2.9". Bits beyond a prefix are ignored, as nft does. False, and nothing added:
// it is none of these, or wider than an IPv4 /8 or an IPv6 /16, which no list of offenders means.
bool add_entry(std::string_view text, Entries& entries);

// Takes lines from the start of `piece` that hold an IPv4 address and nothing else, as nearly all
// of a feed do, and adds them; at most `most`. Stops at the first line that is not so or may not be
// whole. How many lines; `piece` moves on behind them.
std::size_t add_plain_hosts(std::string_view& piece, std::size_t most, Entries& entries);

}  // namespace ravelin::firewall::feed
