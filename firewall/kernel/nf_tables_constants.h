// Numbers of the kernel's interface that the headers of Debian 12 (6.1) do not name yet, and sizes
// of its messages. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ravelin::firewall {

// linux/netfilter/nf_tables.h (6.9): enum nft_table_flags.
inline constexpr std::uint32_t kTableOwner = 0x2;
inline constexpr std::uint32_t kTablePersist = 0x4;

// linux/netfilter/nfnetlink.h: nesting and the two messages around a batch.
inline constexpr std::uint16_t kBatchBegin = 0x10;
inline constexpr std::uint16_t kBatchEnd = 0x11;
inline constexpr std::uint16_t kBatchGenerationId = 1;  // NFNL_BATCH_GENID

// linux/netlink.h: attributes of NLMSG_ERROR.
inline constexpr std::uint16_t kErrorMessage = 1;  // NLMSGERR_ATTR_MSG
inline constexpr std::uint16_t kErrorOffset = 2;   // NLMSGERR_ATTR_OFFS

// libnftnl's udata.h: what nft keeps with an element beside its comment.
inline constexpr std::uint32_t kElementOpenInterval = 0x1;  // NFTNL_SET_ELEM_F_INTERVAL_OPEN

// net/netfilter/nf_tables_api.c: datatypes of a concatenation stand in one number, so many bits
// each (nft's include/datatype.h: TYPE_BITS).
inline constexpr unsigned kTypeBits = 6;

inline constexpr std::size_t kAttributeBytesMax = 65535;  // nla_len is 16 bits
inline constexpr std::size_t kNameBytesMax = 31;
inline constexpr std::size_t kCommentBytesMax = 128;
inline constexpr std::size_t kStatementsMax = 100;  // of a rule; the kernel takes 128 expressions
inline constexpr std::size_t kKeyBytesMax = 64;     // NFT_REG_SIZE * 4 registers
inline constexpr std::size_t kLogPrefixMax = 127;   // NF_LOG_PREFIXLEN - 1
inline constexpr std::size_t kReplyBytesMax = 1 << 17;  // parts of a dump are at most 32 KiB

}  // namespace ravelin::firewall
