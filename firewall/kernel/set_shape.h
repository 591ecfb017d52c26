// What the encoder of elements must know about a set: from its description, or asked from the
// kernel. A value; any thread.
#pragma once

#include "firewall/kernel/encode_objects.h"

#include <map>
#include <string>

namespace ravelin::firewall {

struct SetShape {
  std::size_t key_bytes = 0;   // in the kernel
  std::uint32_t flags = 0;     // NFT_SET_*
  std::uint32_t key_type = 0;  // nft's datatypes, six bits each

  friend bool operator==(const SetShape&, const SetShape&) = default;
};

using SetShapes = std::map<std::string, SetShape, std::less<>>;

SetShape shape_of(const Set& set);

// A key as text: "10.0.0.1 . 6 . 22"; hexadecimal where the datatypes say nothing.
std::string key_text(const SetShape& shape, ByteSpan key);

}  // namespace ravelin::firewall
