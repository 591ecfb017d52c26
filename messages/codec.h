// Messages to bytes and back. One message is one SOCK_SEQPACKET datagram. Pure; any thread.
//
//   offset  bytes
//   0       4      "RVLN"
//   4       1      version of the format (kFormatVersion)
//   5       1      flags: none is known, must be 0
//   6       2      type (kType of the message)
//   8       4      id: an answer carries the id of its request; 0 = no answer is expected
//   12      2      descriptors that go with it (SCM_RIGHTS), at most kDescriptorsMax
//   14      2      bytes that follow
//
// Integers are little-endian; texts, byte strings and lists start with their count in 2 bytes. Each
// message has exactly one encoding, and the decoder takes no other.
#pragma once

#include "base/result.h"
#include "messages/message.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ravelin::messages {

inline constexpr std::uint8_t kFormatVersion = 1;
inline constexpr std::size_t kHeaderBytes = 16;
inline constexpr std::size_t kMessageBytesMax = 65'535;  // with the header
inline constexpr std::uint16_t kDescriptorsMax = 64;

struct Packet {
  std::uint32_t id = 0;
  std::uint16_t descriptors = 0;  // how many go with it; the transport carries them
  Message message;

  friend bool operator==(const Packet&, const Packet&) = default;
};

// Error (Errc::invalid): a field over its limit, a message with a flaw, more than kMessageBytesMax.
base::Result<std::vector<std::byte>> encode(const Packet& packet);

// `descriptors_received` must be the number the message declares. Error (Errc::protocol): anything
// else than exactly one valid message; the text names message and field, never their content.
base::Result<Packet> decode(std::span<const std::byte> bytes, std::size_t descriptors_received = 0);

// For logs: "ban_request{target=10.0.0.1/32 duration=10m reason=\"bad_path\" request_id=\"\"}".
// Byte strings (hashes, signatures) show their length alone; control and non-ASCII bytes of texts
// as \xNN, so a line stays a line.
std::string to_string(const Message& message);

}  // namespace ravelin::messages
