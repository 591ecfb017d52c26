#include "certs/view/pair_cache.h"

#include "base/check.h"

#include <openssl/x509v3.h>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;

X509Ptr decode_certificate(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* end = at + der.size();
  X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  return at == end ? std::move(certificate) : nullptr;
}

Result<Chain> decode_chain(const std::vector<std::string_view>& ders) {
  Chain chain;
  chain.intermediates.reset(sk_X509_new_null());
  for (const std::string_view der : ders) {
    X509Ptr certificate = decode_certificate(der);
    if (certificate == nullptr)
      return fail(Errc::invalid, "a certificate does not parse: {}", take_openssl_error());
    if (chain.leaf == nullptr)
      chain.leaf = std::move(certificate);
    else
      CHECK(sk_X509_push(chain.intermediates.get(), certificate.release()) > 0);
  }
  if (chain.leaf == nullptr) return fail(Errc::invalid, "there is no certificate");
  chain.info = describe(chain.leaf.get());
  X509_check_purpose(chain.leaf.get(), -1, 0);  // fills the extension cache before it is shared
  ERR_clear_error();
  return chain;
}

}  // namespace

Result<PairPtr> parse_pair(const PairBytes& bytes, PairSlot slot, KeyDecoder& decoder) {
  auto chain = decode_chain(bytes.chain);
  if (!chain) return chain.error();
  KeyPtr key = decoder.decode(bytes.key, slot == PairSlot::rsa ? KeyType::rsa : KeyType::ec);
  if (key == nullptr) return fail(Errc::invalid, "the private key does not parse");
  if (X509_check_private_key(chain->leaf.get(), key.get()) != 1) {
    ERR_clear_error();
    return fail(Errc::invalid, "the private key is not that of the certificate");
  }
  return PairPtr(
      std::make_shared<const CertificatePair>(CertificatePair{std::move(*chain), std::move(key)}));
}

Result<PairPtr> PairCache::make_pair(const IndexEntry& entry, PairSlot slot) {
  const PairBytes& bytes = *entry.pair(slot);
  if (!make_key_) {
    const std::lock_guard guard(decoder_mutex_);
    return parse_pair(bytes, slot, decoder_);
  }
  auto chain = decode_chain(bytes.chain);
  if (!chain) return chain.error();
  auto key = make_key_(entry, slot, *chain);
  if (!key) return key.error();
  return PairPtr(
      std::make_shared<const CertificatePair>(CertificatePair{std::move(*chain), std::move(*key)}));
}

PairSet PairCache::load(const IndexEntry& entry) {
  PairSet pairs{.source = {source_name(entry.name), entry.generation}};
  for (const PairSlot slot : kPairSlots) {
    if (!entry.pair(slot)) continue;
    auto pair = make_pair(entry, slot);
    if (!pair) {
      failures_.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    (slot == PairSlot::rsa ? pairs.rsa : pairs.ec) = std::move(*pair);
  }
  loads_.fetch_add(1, std::memory_order_relaxed);
  return pairs;
}

PairSet PairCache::get(std::uint64_t id, const IndexEntry& entry) {
  {
    const std::lock_guard guard(mutex_);
    if (const auto found = by_id_.find(id); found != by_id_.end()) {
      used_.splice(used_.begin(), used_, found->second);
      return found->second->pairs;
    }
  }
  // Two workers may load the same one at a time: both results are good.
  PairSet pairs = load(entry);
  put(id, pairs);
  return pairs;
}

void PairCache::put(std::uint64_t id, PairSet pairs) {
  const std::lock_guard guard(mutex_);
  if (by_id_.contains(id)) return;
  used_.push_front({id, std::move(pairs)});
  by_id_.emplace(id, used_.begin());
  if (used_.size() <= sets_max_) return;
  by_id_.erase(used_.back().id);
  used_.pop_back();
}

}  // namespace ravelin::certs
