#include "gateway/tls/certificate_index.h"

#include "base/check.h"

namespace ravelin::gateway {
namespace {

void add(certs::PairSet& set, const certs::PairPtr& pair) {
  certs::PairPtr& slot = pair->chain.info.key_type == certs::KeyType::rsa ? set.rsa : set.ec;
  if (slot == nullptr) slot = pair;
}

}  // namespace

CertificateIndex::CertificateIndex(std::vector<IndexedPair> pairs,
                                   std::shared_ptr<const certs::CertificateView> store)
    : pairs_(std::move(pairs)), store_(std::move(store)) {
  for (const auto& [pair, is_default] : pairs_) {
    CHECK(pair != nullptr);
    if (is_default) add(fallback_, pair);
    for (const auto& name : pair->chain.info.dns_names) {
      if (name.starts_with("*."))
        add(wildcard_[name.substr(2)], pair);
      else
        add(exact_[name], pair);
    }
  }
}

certs::PairSet CertificateIndex::usual() const {
  if (!fallback_.is_empty()) return fallback_;
  for (const auto& entry : pairs_)
    if (const auto& names = entry.pair->chain.info.dns_names; !names.empty())
      return find(names.front());
  return {};
}

certs::PairSet CertificateIndex::find(std::string_view name) const {
  if (const auto found = exact_.find(name); found != exact_.end()) return found->second;
  const std::size_t dot = name.find('.');
  if (dot != std::string_view::npos && dot != 0)
    if (const auto found = wildcard_.find(name.substr(dot + 1)); found != wildcard_.end())
      return found->second;
  return store_ == nullptr ? certs::PairSet{} : store_->find(name);
}

}  // namespace ravelin::gateway
