// What the kernel answers, decoded from raw bytes that may hold anything. Pure; any thread.
#pragma once

#include "firewall/kernel/attributes.h"
#include "firewall/kernel/kernel.h"
#include "firewall/kernel/set_shape.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::firewall {

// One message of a datagram. `body` borrows from it: the attributes of a message of nf_tables, or
// whatever follows the header of one of netlink's own.
struct Reply {
  std::uint16_t type = 0;  // NFT_MSG_* when is_nftables, else NLMSG_*
  std::uint16_t flags = 0;
  std::uint32_t sequence = 0;
  std::uint16_t generation = 0;  // the low half of the kernel's when it answered
  std::uint8_t family = 0;
  bool is_nftables = false;
  ByteSpan body;
};

// The messages of a datagram. Errc::protocol: it ends within one.
Result<std::vector<Reply>> split_replies(ByteSpan datagram);

// An acknowledgement (number 0) or a refusal.
struct KernelError {
  std::uint32_t sequence = 0;
  int number = 0;            // errno
  std::uint32_t offset = 0;  // of the attribute it is about, in our message; 0: not told
  std::string text;          // the kernel's own words, mostly none

  friend bool operator==(const KernelError&, const KernelError&) = default;
};

// None: the reply is no NLMSG_ERROR.
std::optional<KernelError> decode_error(const Reply& reply);

std::optional<Generation> decode_generation(const Reply& reply);
// The table's comment, flags and owner. None: another table.
std::optional<LiveTable> decode_table(const Reply& reply);

// The name of a set or chain of our table. None: of another, or nameless.
std::optional<std::string> decode_set_name(const Reply& reply);
std::optional<std::string> decode_chain_name(const Reply& reply);
std::optional<SetShape> decode_set_shape(const Reply& reply);

// A rule of our table with its first counter; zeros when it has none.
std::optional<RuleCount> decode_rule(const Reply& reply);

// The first element, and when it expires.
std::optional<Kernel::Found> decode_element(const Reply& reply);

}  // namespace ravelin::firewall
