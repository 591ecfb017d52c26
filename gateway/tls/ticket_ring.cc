#include "gateway/tls/ticket_ring.h"

#include "base/check.h"
#include "certs/handles.h"
#include "gateway/tls/handshake_info.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

namespace ravelin::gateway {
namespace {

using base::Errc;
using base::fail;

constexpr int kIvBytes = 16;
// What the ticket callback answers (SSL_CTX_set_tlsext_ticket_key_evp_cb(3)).
constexpr int kFailed = -1;
constexpr int kNoKey = 0;
constexpr int kDone = 1;
constexpr int kDoneRenew = 2;

base::Result<TicketKey> generate() {
  TicketKey key;
  if (RAND_bytes(key.name.data(), static_cast<int>(key.name.size())) != 1 ||
      RAND_priv_bytes(key.aes.data(), static_cast<int>(key.aes.size())) != 1 ||
      RAND_priv_bytes(key.hmac.data(), static_cast<int>(key.hmac.size())) != 1)
    return fail(Errc::tls, "making a ticket key: {}", certs::take_openssl_error());
  return key;
}

// Fetched once per process: a fetch for each ticket costs 0.3 us and a lock.
const EVP_CIPHER* ticket_cipher() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
  CHECK(cipher != nullptr);
  return cipher;
}

bool start_mac(EVP_MAC_CTX* mac, const TicketKey& key) {
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, sizeof digest - 1),
      OSSL_PARAM_construct_end()};
  return EVP_MAC_init(mac, key.hmac.data(), key.hmac.size(), params) == 1;
}

int encrypt(const TicketKeys& keys, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
            EVP_MAC_CTX* mac) {
  const TicketKey& key = keys.keys.front();
  std::copy(key.name.begin(), key.name.end(), name);
  const bool ok = RAND_bytes(iv, kIvBytes) == 1 &&
                  EVP_EncryptInit_ex2(cipher, ticket_cipher(), key.aes.data(), iv, nullptr) == 1 &&
                  start_mac(mac, key);
  return ok ? kDone : kFailed;
}

int decrypt(const TicketKeys& keys, const SSL* ssl, const unsigned char* name,
            const unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
  const auto key = std::find_if(keys.keys.begin(), keys.keys.end(), [&](const TicketKey& known) {
    return std::memcmp(known.name.data(), name, known.name.size()) == 0;
  });
  if (key == keys.keys.end()) return kNoKey;
  if (!start_mac(mac, *key) ||
      EVP_DecryptInit_ex2(cipher, ticket_cipher(), key->aes.data(), iv, nullptr) != 1)
    return kFailed;
  // A TLS 1.3 ticket is used once: without a renewal the client could resume only every other time.
  const bool renew = key != keys.keys.begin() || SSL_version(ssl) >= TLS1_3_VERSION;
  return renew ? kDoneRenew : kDone;
}

int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
              EVP_MAC_CTX* mac, int is_encrypting) {
  const HandshakeInfo* info = handshake_info(ssl);
  CHECK(info != nullptr);
  const TicketKeys* keys = info->tls->tickets.get();
  if (keys == nullptr) return kNoKey;
  return is_encrypting != 0 ? encrypt(*keys, name, iv, cipher, mac)
                            : decrypt(*keys, ssl, name, iv, cipher, mac);
}

}  // namespace

TicketKey::~TicketKey() {
  OPENSSL_cleanse(this, sizeof *this);
}

base::Result<TicketRing> TicketRing::create(const TicketRingOptions& options, base::MonoTime now) {
  TicketRing ring;
  ring.options_ = options;
  ring.options_.keep = std::max(options.keep, 2);
  if (auto made = ring.replace_all(now); !made) return made.error();
  return ring;
}

base::Result<bool> TicketRing::rotate(base::MonoTime now) {
  if (now < next_rotation()) return false;
  auto key = generate();
  if (!key) return key.error();
  auto next = std::make_shared<TicketKeys>();
  next->keys.reserve(static_cast<std::size_t>(options_.keep));
  next->keys.push_back(*key);
  for (const auto& old : keys_->keys)
    if (next->keys.size() < static_cast<std::size_t>(options_.keep)) next->keys.push_back(old);
  keys_ = std::move(next);
  rotated_at_ = now;
  return true;
}

base::Result<> TicketRing::replace_all(base::MonoTime now) {
  auto key = generate();
  if (!key) return key.error();
  auto next = std::make_shared<TicketKeys>();
  next->keys.push_back(*key);
  keys_ = std::move(next);
  rotated_at_ = now;
  return {};
}

std::chrono::seconds ticket_lifetime(const TicketRingOptions& options) {
  constexpr std::chrono::seconds kMax = std::chrono::hours(24 * 7);
  return std::min(kMax, options.rotate_every * (std::max(options.keep, 2) - 1));
}

void install_ticket_callback(SSL_CTX* context) {
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
}

}  // namespace ravelin::gateway
