// Contents of a feed in one line: hosts, then nets as ranges, IPv4 before IPv6; or the error.
#pragma once

#include "firewall/feed/parser.h"

#include <string>

namespace ravelin::firewall::feed {

inline std::string address_at(const KeyBlock& block, std::size_t key) {
  base::IpAddress address;
  address.family = block.key_bytes == 4 ? base::Family::ipv4 : base::Family::ipv6;
  for (std::size_t i = 0; i < block.key_bytes; ++i)
    address.bytes.at(i) = block.keys.at(key * block.key_bytes + i);
  return base::to_string(address);
}

inline void show(const KeyBlock& block, std::string& text) {
  for (std::size_t i = 0; i < block.count(); ++i) {
    if (!text.empty()) text += ' ';
    text += address_at(block, block.is_interval ? 2 * i : i);
    if (block.is_interval) text += "-" + address_at(block, 2 * i + 1);
  }
}

inline std::string show(const base::Result<FeedContents>& contents) {
  if (!contents) return base::to_string(contents.error());
  std::string text;
  for (const KeyBlock* block :
       {&contents->hosts4, &contents->hosts6, &contents->nets4, &contents->nets6})
    show(*block, text);
  return text;
}

}  // namespace ravelin::firewall::feed
