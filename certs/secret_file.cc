#include "certs/secret_file.h"

#include "base/check.h"
#include "certs/key_file.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>

namespace ravelin::certs {
namespace {

constexpr std::size_t kSecretBytesMin = 32;
constexpr std::size_t kSecretBytesMax = 4'096;
constexpr std::size_t kTagBytes = 16;

}  // namespace

Result<std::string> read_secret_file(const std::string& path, const KeyFileRules& rules) {
  const auto file = KeyFile::open(path);
  if (!file) return file.error();
  for (const PairFinding& finding : file->check(rules)) {
    if (finding.severity == base::Severity::error)
      return base::fail(base::Errc::invalid, "{}", finding.message);
  }
  auto secret = file->read();
  if (!secret) return secret.error();
  while (!secret->empty() && (secret->back() == '\n' || secret->back() == '\r'))
    secret->pop_back();
  if (secret->size() < kSecretBytesMin || secret->size() > kSecretBytesMax) {
    return base::fail(base::Errc::invalid, "{} holds {} bytes; a secret has {} to {}", path,
                      secret->size(), kSecretBytesMin, kSecretBytesMax);
  }
  return secret;
}

std::string keyed_tag(std::string_view secret, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  const auto* made =
      ::HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size);
  CHECK(made != nullptr && size >= kTagBytes);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string tag;
  for (std::size_t i = 0; i < kTagBytes; ++i) {
    tag += kDigits[mac[i] >> 4];
    tag += kDigits[mac[i] & 15];
  }
  return tag;
}

std::string make_secret() {
  std::array<unsigned char, kSecretBytesMin> bytes{};
  CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  return {bytes.begin(), bytes.end()};
}

}  // namespace ravelin::certs
