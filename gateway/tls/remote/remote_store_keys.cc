#include "gateway/tls/remote/remote_store_keys.h"

#include "gateway/tls/late_key.h"
#include "gateway/tls/remote/remote_signer.h"

#include <fmt/ranges.h>

namespace ravelin::gateway {
namespace {

using base::Errc;
using base::fail;

messages::KeyRef ref_of(const certs::IndexEntry& entry, certs::PairSlot slot,
                        const certs::CertificateInfo& info) {
  return {.place = messages::KeyPlace::store,
          .name = std::string(entry.name),
          .generation = entry.generation,
          .slot = slot == certs::PairSlot::rsa ? messages::KeySlot::rsa : messages::KeySlot::ec,
          .spki = fingerprint_bytes(info.spki_sha256)};
}

base::Result<> check(RemoteKeys& keys, messages::KeyRef ref) {
  const auto message = keys.ask(messages::KeyQuestion{.key = std::move(ref)});
  const auto* answer = message ? std::get_if<messages::KeyAnswer>(&*message) : nullptr;
  if (answer == nullptr) return fail(Errc::unavailable, "the key process does not answer");
  if (answer->outcome == messages::Outcome::done) return {};
  return fail(Errc::denied, "{}", fmt::join(answer->findings, "; "));
}

}  // namespace

certs::StoreKeys remote_store_keys(const std::shared_ptr<RemoteKeys>& keys) {
  certs::StoreKeys store;
  if (keys == nullptr) return store;
  store.make = [keys](const certs::IndexEntry& entry, certs::PairSlot slot,
                      const certs::Chain& chain) {
    return make_late_key(X509_get0_pubkey(chain.leaf.get()),
                         std::make_shared<RemoteSigner>(keys, ref_of(entry, slot, chain.info),
                                                        messages::TlsSide::server));
  };
  store.check = [keys](const certs::IndexEntry& entry, certs::PairSlot slot,
                       const certs::CertificateInfo& info) {
    return check(*keys, ref_of(entry, slot, info));
  };
  return store;
}

}  // namespace ravelin::gateway
