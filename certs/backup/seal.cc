#include "certs/backup/seal.h"

#include "base/check.h"
#include "base/handle.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

using CipherPtr = base::Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

constexpr std::string_view kMagic = "RVLNBAK1";
constexpr std::size_t kSaltBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::uint32_t kLastBit = 0x80000000U;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

std::string format_head(const FrameHead& head) {
  const auto value =
      static_cast<std::uint32_t>(head.bytes) | (head.kind == FrameKind::last ? kLastBit : 0U);
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8)
    text += static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xffU);
  return text;
}

std::array<unsigned char, kNonceBytes> nonce_of(std::uint64_t frame) {
  std::array<unsigned char, kNonceBytes> nonce{};
  for (std::size_t i = 0; i < sizeof frame; ++i)
    nonce[kNonceBytes - 1 - i] = static_cast<unsigned char>(frame >> (8 * i));
  return nonce;
}

// With everything set but the text.
CipherPtr begin_cipher(const std::array<unsigned char, 32>& key, std::uint64_t frame,
                       std::string_view aad, int encrypt) {
  CipherPtr cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool is_ready = cipher != nullptr &&
                        EVP_CipherInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(),
                                          nonce_of(frame).data(), encrypt) == 1 &&
                        EVP_CipherUpdate(cipher.get(), nullptr, &size, bytes_of(aad),
                                         static_cast<int>(aad.size())) == 1;
  if (!is_ready) ERR_clear_error();
  return is_ready ? std::move(cipher) : nullptr;
}

}  // namespace

SealKey::~SealKey() {
  OPENSSL_cleanse(key_.data(), key_.size());
}

Result<> SealKey::derive(std::string_view passphrase) {
  constexpr std::uint64_t kMemoryMax = std::uint64_t{300} * 1024 * 1024;
  const std::string_view cost = std::string_view(head_).substr(kMagic.size(), 3);
  const std::string_view salt = std::string_view(head_).substr(kMagic.size() + 3);
  const int done = EVP_PBE_scrypt(
      passphrase.data(), passphrase.size(), bytes_of(salt), salt.size(),
      std::uint64_t{1} << static_cast<unsigned char>(cost[0]), static_cast<unsigned char>(cost[1]),
      static_cast<unsigned char>(cost[2]), kMemoryMax, key_.data(), key_.size());
  if (done == 1) return {};
  ERR_clear_error();
  return fail(Errc::io, "the key of the backup cannot be derived: there is not enough memory");
}

Result<SealKey> SealKey::make(std::string_view passphrase, const SealCost& cost) {
  std::string salt(kSaltBytes, '\0');
  if (RAND_bytes(bytes_of(salt), static_cast<int>(salt.size())) != 1)
    return fail(Errc::io, "the system has no randomness");
  std::string head(kMagic);
  for (const std::uint8_t part : {cost.log_n, cost.r, cost.p})
    head += static_cast<char>(part);
  return read(head + salt, passphrase);
}

Result<SealKey> SealKey::read(std::string_view head, std::string_view passphrase) {
  if (head.size() != kSealHeadBytes || head.substr(0, kMagic.size() - 1) != kMagic.substr(0, 7))
    return fail(Errc::invalid, "it does not begin as a backup of a store");
  if (head[kMagic.size() - 1] != kMagic.back())
    return fail(Errc::invalid, "it is a backup of another version: use the newer program");
  const auto part = [head](std::size_t i) {
    return static_cast<unsigned char>(head[kMagic.size() + i]);
  };
  constexpr std::uint8_t kR = 8;
  if (part(0) < SealCost::kLogNMin || part(0) > SealCost::kLogNMax || part(1) != kR ||
      part(2) == 0 || part(2) > SealCost::kPMax)
    return fail(Errc::invalid,
                "it asks for scrypt with N = 2^{}, r = {}, p = {} (2^{} to 2^{}, 8, 1 to {})",
                part(0), part(1), part(2), SealCost::kLogNMin, SealCost::kLogNMax, SealCost::kPMax);
  SealKey key{std::string(head)};
  if (auto derived = key.derive(passphrase); !derived) return derived.error();
  return key;
}

Result<std::string> SealKey::seal(std::string_view text, FrameKind kind) {
  CHECK(text.size() <= kFrameTextMax);
  std::string out = format_head({text.size(), kind});
  CipherPtr cipher = begin_cipher(key_, frame_, head_ + out, 1);
  out.resize(kFrameHeadBytes + text.size() + kFrameTagBytes);
  unsigned char* const at = bytes_of(out) + kFrameHeadBytes;
  int size = 0;
  int rest = 0;
  const bool is_done = cipher != nullptr &&
                       EVP_CipherUpdate(cipher.get(), at, &size, bytes_of(text),
                                        static_cast<int>(text.size())) == 1 &&
                       EVP_CipherFinal_ex(cipher.get(), at + size, &rest) == 1 &&
                       EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, kFrameTagBytes,
                                           at + text.size()) == 1;
  if (!is_done) {
    ERR_clear_error();
    return fail(Errc::io, "the backup cannot be encrypted");
  }
  ++frame_;
  return out;
}

Result<FrameHead> SealKey::read_frame_head(std::string_view bytes) {
  CHECK(bytes.size() == kFrameHeadBytes);
  std::uint32_t value = 0;
  for (const char byte : bytes)
    value = value << 8U | static_cast<unsigned char>(byte);
  const FrameHead head{value & ~kLastBit,
                       (value & kLastBit) != 0 ? FrameKind::last : FrameKind::more};
  if (head.bytes > kFrameTextMax || (head.bytes == 0 && head.kind == FrameKind::more))
    return fail(Errc::invalid, "a frame of the backup is damaged");
  return head;
}

Result<std::string> SealKey::open(const FrameHead& frame, std::string_view sealed) {
  CHECK(sealed.size() == frame.bytes + kFrameTagBytes);
  CipherPtr cipher = begin_cipher(key_, frame_, head_ + format_head(frame), 0);
  std::string text(frame.bytes, '\0');
  std::string tag(sealed.substr(frame.bytes));
  int size = 0;
  int rest = 0;
  const bool is_good =
      cipher != nullptr &&
      EVP_CipherUpdate(cipher.get(), bytes_of(text), &size, bytes_of(sealed),
                       static_cast<int>(frame.bytes)) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, kFrameTagBytes, tag.data()) == 1 &&
      EVP_CipherFinal_ex(cipher.get(), bytes_of(text) + size, &rest) == 1;
  if (!is_good) {
    ERR_clear_error();
    OPENSSL_cleanse(text.data(), text.size());
    if (frame_ == 0)
      return fail(Errc::invalid, "it does not open: the passphrase is another, or it was changed");
    return fail(Errc::invalid, "frame {} of the backup was changed or moved", frame_);
  }
  ++frame_;
  return text;
}

}  // namespace ravelin::certs
