#include "gateway/tls/late_key.h"

#include "base/check.h"
#include "gateway/tls/late_provider.h"

namespace ravelin::gateway {

using base::Errc;
using base::fail;

base::Result<certs::KeyPtr> make_late_key(EVP_PKEY* certificate_key,
                                          const std::shared_ptr<Signer>& signer) {
  certs::KeyPtr key = make_provided_key(certificate_key, signer);
  if (key == nullptr)
    return fail(Errc::tls, "making a key for a remote signer: {}", certs::take_openssl_error());
  return key;
}

bool is_late_key(const EVP_PKEY* key) {
  return is_provided_key(key);
}

bool is_key_refusal(unsigned long error_code) {
  return ERR_GET_LIB(error_code) == late_error_library();
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
  const GivingUp giving_up;
  // The failed handshake wants to send an alert: to nowhere.
  SSL_set_quiet_shutdown(ssl, 1);
  SSL_set0_wbio(ssl, BIO_new(BIO_s_null()));
  SSL_do_handshake(ssl);
  CHECK(SSL_waiting_for_async(ssl) == 0);
  ERR_clear_error();
}

}  // namespace ravelin::gateway
