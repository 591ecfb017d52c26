#include "gateway/tls/client_certificate_fields.h"

#include "base/handle.h"
#include "certs/handles.h"
#include "gateway/tls/client_auth.h"

#include <openssl/err.h>

#include <vector>

namespace ravelin::gateway {
namespace {

// A byte sequence of RFC 8941 section 3.3.5; "" when the certificate cannot be written.
std::string byte_sequence(const X509* certificate) {
  const int size = i2d_X509(certificate, nullptr);
  if (size <= 0) return {};
  std::vector<unsigned char> der(static_cast<std::size_t>(size));
  unsigned char* at = der.data();
  i2d_X509(certificate, &at);
  std::vector<unsigned char> text(4 * ((der.size() + 2) / 3) + 1);
  const int length = EVP_EncodeBlock(text.data(), der.data(), size);
  return ":" + std::string(text.begin(), text.begin() + length) + ":";
}

bool is_root(const X509* certificate) {
  return X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0;
}

std::string list_above_leaf(const STACK_OF(X509) * chain) {
  std::string list;
  for (int i = 1; i < sk_X509_num(chain); ++i) {
    const X509* above = sk_X509_value(chain, i);
    if (is_root(above)) break;
    if (!list.empty()) list += ", ";
    list += byte_sequence(above);
  }
  return list;
}

// A resumed session was verified when it began; what it was verified by is not kept.
std::string rebuilt_chain(const SSL* ssl) {
  const base::Handle<X509_STORE_CTX, X509_STORE_CTX_free> verify(X509_STORE_CTX_new());
  X509_STORE* store = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
  if (verify == nullptr || X509_STORE_CTX_init(verify.get(), store, SSL_get0_peer_certificate(ssl),
                                               SSL_get_peer_cert_chain(ssl)) != 1)
    return {};
  const bool is_good = X509_verify_cert(verify.get()) == 1;
  ERR_clear_error();
  return is_good ? list_above_leaf(X509_STORE_CTX_get0_chain(verify.get())) : std::string();
}

}  // namespace

ClientCertificateFields client_certificate_fields(const SSL* ssl, ClientCertForward forward) {
  if (!has_verified_certificate(ssl)) return {};
  ClientCertificateFields fields;
  fields.certificate = byte_sequence(SSL_get0_peer_certificate(ssl));
  if (forward != ClientCertForward::chain) return fields;
  const STACK_OF(X509)* verified = SSL_get0_verified_chain(ssl);
  fields.chain = verified != nullptr ? list_above_leaf(verified) : rebuilt_chain(ssl);
  return fields;
}

}  // namespace ravelin::gateway
