// Limits of the fields of messages. A message names each field with its limit where it has one; the
// codec holds them in both directions. Pure; any thread.
#pragma once

#include <cstddef>
#include <vector>

namespace ravelin::messages {

using Bytes = std::vector<std::byte>;

// The most bytes of a text or byte string, or entries of a list.
struct AtMost {
  std::size_t count;
};

inline constexpr AtMost kNameBytes{255};           // names of things: keys, pools, listeners, hosts
inline constexpr AtMost kTokenBytes{64};           // words from a fixed list, request ids
inline constexpr AtMost kTextBytes{1024};          // sentences for people
inline constexpr AtMost kSignatureBytes{512};      // RSA-4096
inline constexpr AtMost kHashBytes{64};            // SHA-512
inline constexpr AtMost kRandomBytes{32};          // of a hello
inline constexpr AtMost kPointBytes{133};          // P-521, uncompressed
inline constexpr AtMost kTranscriptBytes{60'000};  // all messages of a handshake
inline constexpr AtMost kFindings{1024};           // as many, of as many bytes
inline constexpr AtMost kEndpoints{1024};
inline constexpr AtMost kTokenLabels{255};
inline constexpr AtMost kTokenNumbers{255 * 6};
inline constexpr AtMost kPlaces{128};         // listeners that show a certificate
inline constexpr AtMost kPathBytes{4096};     // PATH_MAX
inline constexpr AtMost kPieceBytes{61'440};  // of a longer text, in several messages

}  // namespace ravelin::messages
