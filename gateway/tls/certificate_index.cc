#include "gateway/tls/certificate_index.h"

#include "base/check.h"

#include <algorithm>
#include <array>

namespace ravelin::gateway {
namespace {

void add(certs::PairSet& set, const certs::PairPtr& pair) {
  certs::PairPtr& slot = pair->chain.info.key_type == certs::KeyType::rsa ? set.rsa : set.ec;
  if (slot == nullptr) slot = pair;
}

bool names_exactly(const certs::PairSet& set, std::string_view name) {
  return std::ranges::any_of(std::array{set.ec, set.rsa}, [name](const certs::PairPtr& pair) {
    return pair != nullptr &&
           std::ranges::find(pair->chain.info.dns_names, name) != pair->chain.info.dns_names.end();
  });
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
    for (const base::IpAddress& address : pair->chain.info.ip_names)
      add(exact_[base::to_string(address)], pair);
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
  certs::PairSet stored = store_ == nullptr ? certs::PairSet{} : store_->find(name);
  if (names_exactly(stored, name)) return stored;
  const std::size_t dot = name.find('.');
  if (dot != std::string_view::npos && dot != 0)
    if (const auto found = wildcard_.find(name.substr(dot + 1)); found != wildcard_.end())
      return found->second;
  return stored;
}

}  // namespace ravelin::gateway
