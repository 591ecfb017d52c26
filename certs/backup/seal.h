// A stream of bytes under a passphrase: encrypted and authenticated in frames, so that neither side
// holds more than one of them. Pure; any thread.
//   head    "RVLNBAK1", log2(N), r, p of scrypt (RFC 7914; a byte each), salt (32 bytes)
//   frames  length of the text, its top bit set in the last one (4 bytes, big endian); the text
//   under
//           AES-256-GCM; its tag (16 bytes)
// The key is that of passphrase and salt and serves for one file alone. The nonce of a frame is its
// number (12 bytes, big endian); head and length are authenticated with it: frames that are
// changed, moved, left out, repeated, or come from another file do not open, and an end that is not
// the last frame's is none.
#pragma once

#include "base/result.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace ravelin::certs {

using base::Result;

inline constexpr std::size_t kSealHeadBytes = 8 + 3 + 32;
inline constexpr std::size_t kFrameHeadBytes = 4;
inline constexpr std::size_t kFrameTagBytes = 16;
inline constexpr std::size_t kFrameTextMax = std::size_t{64} * 1024;

// What a passphrase costs to try: 128 * r * N bytes of memory, p times.
struct SealCost {
  std::uint8_t log_n = 17;  // 128 MiB
  std::uint8_t r = 8;
  std::uint8_t p = 1;

  // 16 MiB to 256 MiB: less is too cheap to try, more would be a way to use up our memory.
  static constexpr std::uint8_t kLogNMin = 14;
  static constexpr std::uint8_t kLogNMax = 18;
  static constexpr std::uint8_t kPMax = 4;
};

enum class FrameKind : std::uint8_t { more, last };

// Length and kind of the frame that follows; its bytes are that long and a tag longer.
struct FrameHead {
  std::size_t bytes = 0;  // of the text
  FrameKind kind = FrameKind::more;
};

// The key of one file. Wiped when it goes.
class SealKey {
 public:
  // For a new file, with a salt of its own. Errors: no randomness, no memory.
  static Result<SealKey> make(std::string_view passphrase, const SealCost& cost = {});
  // Of a file's first kSealHeadBytes. Errors: Errc::invalid: no such head, another version, a cost
  // outside the limits.
  static Result<SealKey> read(std::string_view head, std::string_view passphrase);

  SealKey(const SealKey&) = delete;
  SealKey& operator=(const SealKey&) = delete;
  SealKey(SealKey&&) noexcept = default;
  SealKey& operator=(SealKey&&) noexcept = default;
  ~SealKey();

  [[nodiscard]] const std::string& head() const { return head_; }

  // The next frame, with its head. At most kFrameTextMax bytes of text.
  Result<std::string> seal(std::string_view text, FrameKind kind);

  // Errors: longer than kFrameTextMax, nothing in it though more is to come.
  static Result<FrameHead> read_frame_head(std::string_view bytes);
  // The text of the next frame. Errors: Errc::invalid: it does not open.
  Result<std::string> open(const FrameHead& frame, std::string_view sealed);

 private:
  explicit SealKey(std::string head) : head_(std::move(head)) {}

  Result<> derive(std::string_view passphrase);

  std::string head_;
  std::array<unsigned char, 32> key_{};
  std::uint64_t frame_ = 0;  // number of the next
};

}  // namespace ravelin::certs
