#include "gateway/tls/key_source.h"

#include "gateway/tls/token_signer.h"

namespace ravelin::gateway {
namespace {

certs::X509StackPtr share_all(const STACK_OF(X509) * certificates) {
  certs::X509StackPtr copy(sk_X509_new_null());
  for (int i = 0; i < sk_X509_num(certificates); ++i)
    sk_X509_push(copy.get(), certs::share(sk_X509_value(certificates, i)).release());
  return copy;
}

}  // namespace

void give_signer(certs::LoadedPair& loaded, const std::shared_ptr<Signer>& signer) {
  auto pair = with_signer(loaded.pair, signer);
  loaded.pair = pair ? std::move(*pair) : nullptr;
  if (!pair)
    loaded.findings.push_back(
        {certs::PairCode::key_token, base::Severity::error, pair.error().message});
}

void LocalKeySource::give_key(certs::LoadedPair& loaded, const certs::PairFiles& files,
                              const certs::LoadRules& rules) {
  if (!files.is_in_token()) return;
  const certs::TokenKeyPtr key = tokens_.key_of(loaded, files, rules);
  if (key != nullptr) give_signer(loaded, std::make_shared<TokenSigner>(key));
}

void LateKeySource::give_key(certs::LoadedPair& loaded, const certs::PairFiles& /*files*/,
                             const certs::LoadRules& /*rules*/) {
  if (loaded.pair != nullptr) give_signer(loaded, signer_);
}

certs::LoadedPair load_pair_with_key(const certs::PairFiles& files, const certs::LoadRules& rules,
                                     base::WallTime now, KeySource& keys) {
  certs::LoadRules where = rules;
  where.key_reading = keys.reading();
  certs::LoadedPair loaded = certs::load_pair(files, where, now);
  keys.give_key(loaded, files, rules);
  return loaded;
}

base::Result<certs::PairPtr> with_signer(const certs::PairPtr& loaded,
                                         const std::shared_ptr<Signer>& signer) {
  const certs::Chain& chain = loaded->chain;
  auto key = make_late_key(X509_get0_pubkey(chain.leaf.get()), signer);
  if (!key) return key.error();
  return certs::PairPtr(std::make_shared<const certs::CertificatePair>(certs::CertificatePair{
      {certs::share(chain.leaf.get()), share_all(chain.intermediates.get()), chain.info},
      std::move(*key)}));
}

KeyTiming key_timing(const certs::CertificatePair& pair) {
  return is_late_key(pair.key.get()) ? KeyTiming::may_be_late : KeyTiming::immediate;
}

}  // namespace ravelin::gateway
