#include "gateway/tls/pair_watch.h"

#include <openssl/err.h>

#include <algorithm>

namespace ravelin::gateway {
namespace {

// Warnings are not why a pair is refused.
std::string reasons(const std::vector<certs::PairFinding>& findings) {
  std::vector<certs::PairFinding> errors;
  std::copy_if(findings.begin(), findings.end(), std::back_inserter(errors),
               [](const auto& finding) { return finding.severity == base::Severity::error; });
  return certs::to_string(errors);
}

}  // namespace

void PairWatch::on_look(const certs::PairStamps& stamps, base::MonoTime now) {
  if (stamps != stamps_ || !broken_because_.empty()) on_event(now);
  stamps_ = stamps;
}

WatchVerdict PairWatch::on_loaded(const certs::LoadedPair& loaded) {
  settling_.reset();
  stamps_ = loaded.stamps;
  if (loaded.pair == nullptr) {
    std::string because = reasons(loaded.findings);
    const bool told = because == broken_because_;
    broken_because_ = std::move(because);
    return told ? WatchVerdict::still_broken : WatchVerdict::broken;
  }
  const bool was_broken = !broken_because_.empty();
  broken_because_.clear();
  if (is_same(*served_, *loaded.pair))
    return was_broken ? WatchVerdict::recovered : WatchVerdict::unchanged;
  served_ = loaded.pair;
  return WatchVerdict::changed;
}

bool is_same(const certs::CertificatePair& a, const certs::CertificatePair& b) {
  const auto* above_a = a.chain.intermediates.get();
  const auto* above_b = b.chain.intermediates.get();
  if (X509_cmp(a.chain.leaf.get(), b.chain.leaf.get()) != 0 ||
      sk_X509_num(above_a) != sk_X509_num(above_b))
    return false;
  for (int i = 0; i < sk_X509_num(above_a); ++i)
    if (X509_cmp(sk_X509_value(above_a, i), sk_X509_value(above_b, i)) != 0) return false;
  // Both keys belong to the same leaf, so they are the same.
  return true;
}

}  // namespace ravelin::gateway
