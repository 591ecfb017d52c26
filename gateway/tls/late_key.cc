// EC_KEY_METHOD and RSA_METHOD are deprecated in OpenSSL 3, which has no other way to a private key
// outside the process short of a provider of one's own.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "gateway/tls/late_key.h"

#include "base/check.h"

#include <openssl/async.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

namespace ravelin::gateway {
namespace {

using base::Errc;
using base::fail;

#if defined(__SANITIZE_THREAD__)
constexpr bool kMayPause = false;
#else
constexpr bool kMayPause = true;
#endif

using EcKeyPtr = base::Handle<EC_KEY, EC_KEY_free>;
using RsaPtr = base::Handle<RSA, RSA_free>;
using SignerPtr = std::shared_ptr<Signer>;

// Set around the last SSL_do_handshake() of a connection that gives up.
thread_local bool abandoning = false;

// Identifies our descriptor among those of a job.
const char kWaitTag = 0;

// Pauses the job until the answer is there. nullopt: given up, or no descriptor to wait for.
std::optional<Signature> wait_for(const std::shared_ptr<PendingSignature>& pending) {
  ASYNC_WAIT_CTX* wait = ASYNC_get_wait_ctx(ASYNC_get_current_job());
  if (pending->fd() < 0 ||
      ASYNC_WAIT_CTX_set_wait_fd(wait, &kWaitTag, pending->fd(), nullptr, nullptr) != 1)
    return std::nullopt;
  bool paused = true;
  while (paused && !abandoning && !pending->is_answered())
    paused = ASYNC_pause_job() == 1;
  ASYNC_WAIT_CTX_clear_fd(wait, &kWaitTag);
  if (!pending->is_answered()) return std::nullopt;
  return pending->signature();
}

std::optional<Signature> obtain(Signer& signer, SignRequest request) {
  if (!kMayPause || ASYNC_get_current_job() == nullptr) return signer.sign_now(request);
  const auto pending = std::make_shared<PendingSignature>();
  signer.sign(std::move(request), pending);
  if (pending->is_answered()) return pending->signature();
  return wait_for(pending);
}

constexpr int kRefused = 1;

int error_library() {
  static const int library = ERR_get_next_error_library();
  return library;
}

// The objects below live as long as the process: OpenSSL keys point to their method.
void free_signer(void*, void* signer, CRYPTO_EX_DATA*, int, long, void*) {
  const std::unique_ptr<SignerPtr> owned(static_cast<SignerPtr*>(signer));
}

int ec_slot() {
  static const int slot = EC_KEY_get_ex_new_index(0, nullptr, nullptr, nullptr, free_signer);
  return slot;
}

int rsa_slot() {
  static const int slot = RSA_get_ex_new_index(0, nullptr, nullptr, nullptr, free_signer);
  return slot;
}

int ec_sign(int, const unsigned char* digest, int size, unsigned char* out, unsigned int* out_size,
            const BIGNUM*, const BIGNUM*, EC_KEY* key) {
  auto* signer = static_cast<SignerPtr*>(EC_KEY_get_ex_data(key, ec_slot()));
  const auto signature =
      obtain(**signer, {certs::KeyType::ec, 0, Signature(digest, digest + size)});
  if (!signature || signature->empty() ||
      signature->size() > static_cast<std::size_t>(ECDSA_size(key))) {
    ERR_raise(error_library(), kRefused);
    return 0;
  }
  std::copy(signature->begin(), signature->end(), out);
  *out_size = static_cast<unsigned int>(signature->size());
  return 1;
}

int rsa_sign(int size, const unsigned char* input, unsigned char* out, RSA* key, int padding) {
  auto* signer = static_cast<SignerPtr*>(RSA_get_ex_data(key, rsa_slot()));
  const auto signature =
      obtain(**signer, {certs::KeyType::rsa, padding, Signature(input, input + size)});
  if (!signature || signature->size() != static_cast<std::size_t>(RSA_size(key))) {
    ERR_raise(error_library(), kRefused);
    return -1;
  }
  std::copy(signature->begin(), signature->end(), out);
  return RSA_size(key);
}

const EC_KEY_METHOD* ec_method() {
  static EC_KEY_METHOD* const method = [] {
    EC_KEY_METHOD* made = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
    EC_KEY_METHOD_set_sign(made, ec_sign, nullptr, nullptr);
    return made;
  }();
  return method;
}

const RSA_METHOD* rsa_method() {
  static RSA_METHOD* const method = [] {
    RSA_METHOD* made = RSA_meth_dup(RSA_PKCS1_OpenSSL());
    RSA_meth_set1_name(made, "late");
    RSA_meth_set_priv_enc(made, rsa_sign);
    return made;
  }();
  return method;
}

bool make_ec(EVP_PKEY* source, EVP_PKEY* key, const SignerPtr& signer) {
  const EcKeyPtr original(EVP_PKEY_get1_EC_KEY(source));
  EcKeyPtr late(EC_KEY_new());
  if (original == nullptr || late == nullptr ||
      EC_KEY_set_group(late.get(), EC_KEY_get0_group(original.get())) != 1 ||
      EC_KEY_set_public_key(late.get(), EC_KEY_get0_public_key(original.get())) != 1 ||
      EC_KEY_set_method(late.get(), ec_method()) != 1)
    return false;
  auto owned = std::make_unique<SignerPtr>(signer);
  if (EC_KEY_set_ex_data(late.get(), ec_slot(), owned.get()) != 1) return false;
  static_cast<void>(owned.release());  // the key frees it
  return EVP_PKEY_set1_EC_KEY(key, late.get()) == 1;
}

bool make_rsa(EVP_PKEY* source, EVP_PKEY* key, const SignerPtr& signer) {
  const RsaPtr original(EVP_PKEY_get1_RSA(source));
  RsaPtr late(RSA_new());
  if (original == nullptr || late == nullptr ||
      RSA_set0_key(late.get(), BN_dup(RSA_get0_n(original.get())),
                   BN_dup(RSA_get0_e(original.get())), nullptr) != 1 ||
      RSA_set_method(late.get(), rsa_method()) != 1)
    return false;
  auto owned = std::make_unique<SignerPtr>(signer);
  if (RSA_set_ex_data(late.get(), rsa_slot(), owned.get()) != 1) return false;
  static_cast<void>(owned.release());  // the key frees it
  return EVP_PKEY_set1_RSA(key, late.get()) == 1;
}

}  // namespace

PendingSignature::PendingSignature() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

PendingSignature::~PendingSignature() {
  if (fd_ >= 0) ::close(fd_);
}

void PendingSignature::answer(Signature signature) {
  CHECK(!is_answered());
  signature_ = std::move(signature);
  answered_.store(true, std::memory_order_release);
  if (fd_ >= 0) CHECK(::eventfd_write(fd_, 1) == 0);
}

base::Result<certs::KeyPtr> make_late_key(EVP_PKEY* certificate_key,
                                          const std::shared_ptr<Signer>& signer) {
  certs::KeyPtr key(EVP_PKEY_new());
  const certs::KeyType type = certs::key_type(certificate_key);
  const bool made = (type == certs::KeyType::ec && make_ec(certificate_key, key.get(), signer)) ||
                    (type == certs::KeyType::rsa && make_rsa(certificate_key, key.get(), signer));
  if (!made)
    return fail(Errc::tls, "making a key for a remote signer: {}", certs::take_openssl_error());
  return key;
}

bool is_late_key(const EVP_PKEY* key) {
  // Only keys with a method of their own have no provider; asking others would copy them.
  if (key == nullptr || EVP_PKEY_get0_provider(key) != nullptr) return false;
  const EC_KEY* ec = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC ? EVP_PKEY_get0_EC_KEY(key) : nullptr;
  if (ec != nullptr) return EC_KEY_get_method(ec) == ec_method();
  const RSA* rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? EVP_PKEY_get0_RSA(key) : nullptr;
  return rsa != nullptr && RSA_get_method(rsa) == rsa_method();
}

bool is_key_refusal(unsigned long error_code) {
  return ERR_GET_LIB(error_code) == error_library();
}

int async_wait_fd(SSL* ssl) {
  std::size_t count = 0;
  if (SSL_waiting_for_async(ssl) != 1 || SSL_get_all_async_fds(ssl, nullptr, &count) != 1 ||
      count != 1)
    return -1;
  OSSL_ASYNC_FD fd = -1;
  SSL_get_all_async_fds(ssl, &fd, &count);
  return fd;
}

void abandon_async(SSL* ssl) {
  if (SSL_waiting_for_async(ssl) != 1) return;
  abandoning = true;
  // The failed handshake wants to send an alert: to nowhere.
  SSL_set_quiet_shutdown(ssl, 1);
  SSL_set0_wbio(ssl, BIO_new(BIO_s_null()));
  SSL_do_handshake(ssl);
  abandoning = false;
  CHECK(SSL_waiting_for_async(ssl) == 0);
  ERR_clear_error();
}

}  // namespace ravelin::gateway
