#include "certs/secret_file.h"

#include "base/check.h"
#include "certs/key_file.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

namespace ravelin::certs {
namespace {

constexpr std::size_t kSecretBytesMin = 32;
constexpr std::size_t kSecretBytesMax = 4'096;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kLineBytesMax = 1'024;

Result<> check_file(const KeyFile& file, const KeyFileRules& rules) {
  for (const PairFinding& finding : file.check(rules)) {
    if (finding.severity == base::Severity::error)
      return base::fail(base::Errc::invalid, "{}", finding.message);
  }
  return {};
}

}  // namespace

// Longer than a short string: its bytes are in one place, however often it is moved.
SecretText::SecretText(std::string_view text) {
  text_.reserve(std::max<std::size_t>(text.size(), 64));
  text_.assign(text);
}

SecretText::SecretText(SecretText&& other) noexcept : text_(std::move(other.text_)) {}

SecretText& SecretText::operator=(SecretText&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  text_ = std::move(other.text_);
  return *this;
}

SecretText::~SecretText() {
  wipe();
}

void SecretText::wipe() {
  OPENSSL_cleanse(text_.data(), text_.size());
  text_.clear();
}

Result<SecretLine> read_secret_line(const std::string& path, const KeyFileRules& rules) {
  const auto file = KeyFile::open(path);
  if (!file) return file.error();
  if (const auto checked = check_file(*file, rules); !checked) return checked.error();
  auto read = file->read();
  if (!read) return read.error();
  const SecretText bytes(*read);
  OPENSSL_cleanse(read->data(), read->size());
  std::string_view line = bytes.text();
  line = line.substr(0, line.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty() || line.size() > kLineBytesMax || line.find('\0') != std::string_view::npos)
    return base::fail(base::Errc::invalid,
                      "{}: its first line is to be a passphrase or PIN of 1 to {} bytes", path,
                      kLineBytesMax);
  return SecretLine{SecretText(line), file->stamp()};
}

Result<std::string> read_secret_file(const std::string& path, const KeyFileRules& rules) {
  const auto file = KeyFile::open(path);
  if (!file) return file.error();
  if (const auto checked = check_file(*file, rules); !checked) return checked.error();
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
