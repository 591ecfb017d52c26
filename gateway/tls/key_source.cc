#include "gateway/tls/key_source.h"

namespace ravelin::gateway {
namespace {

certs::X509StackPtr share_all(const STACK_OF(X509) * certificates) {
  certs::X509StackPtr copy(sk_X509_new_null());
  for (int i = 0; i < sk_X509_num(certificates); ++i)
    sk_X509_push(copy.get(), certs::share(sk_X509_value(certificates, i)).release());
  return copy;
}

}  // namespace

base::Result<certs::PairPtr> FileKeySource::with_key(const certs::PairPtr& loaded) {
  if (loaded->key == nullptr)
    return base::fail(base::Errc::not_found, "\"{}\": its private key is not in a file",
                      loaded->chain.info.subject);
  return loaded;
}

base::Result<certs::PairPtr> LateKeySource::with_key(const certs::PairPtr& loaded) {
  const certs::Chain& chain = loaded->chain;
  auto key = make_late_key(X509_get0_pubkey(chain.leaf.get()), signer_);
  if (!key) return key.error();
  return certs::PairPtr(std::make_shared<const certs::CertificatePair>(certs::CertificatePair{
      {certs::share(chain.leaf.get()), share_all(chain.intermediates.get()), chain.info},
      std::move(*key)}));
}

}  // namespace ravelin::gateway
