// Which certificate answers for which name on one listener: an immutable map from lower-case host
// names, and addresses, to pairs. A changed certificate makes a new index; connections keep the one
// they began with.
#pragma once

#include "certs/store.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ravelin::gateway {

struct IndexedPair {
  certs::PairPtr pair;
  bool is_default = false;  // also served for names and addresses nothing covers
};

class CertificateIndex final : public certs::CertificateView {
 public:
  // Indexes every DNS name and address of every pair. Where two pairs of one key type carry the
  // same name, the first wins: the operator's order decides. `store` comes after the files; may be
  // null.
  explicit CertificateIndex(std::vector<IndexedPair> pairs,
                            std::shared_ptr<const certs::CertificateView> store = nullptr);

  // `name` may be an address in the form of base::to_string(). Exact name, then `*.` in place of
  // the first label, each in the files and then in the store; empty when none covers it.
  [[nodiscard]] certs::PairSet find(std::string_view name) const override;

  // What is served for a name nothing covers; empty = such a client is refused.
  [[nodiscard]] const certs::PairSet& fallback() const { return fallback_; }

  // What most handshakes get, as far as one can know: the fallback, else that of the first name.
  // Empty when there is neither.
  [[nodiscard]] certs::PairSet usual() const;

  // The pairs this index was made of, in order (for metrics and `status`).
  [[nodiscard]] const std::vector<IndexedPair>& pairs() const { return pairs_; }

 private:
  struct NameHash {
    using is_transparent = void;

    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>{}(name);
    }
  };

  using NameMap = std::unordered_map<std::string, certs::PairSet, NameHash, std::equal_to<>>;

  std::vector<IndexedPair> pairs_;
  NameMap exact_;
  NameMap wildcard_;  // "*.example.com" under the key "example.com"
  certs::PairSet fallback_;
  std::shared_ptr<const certs::CertificateView> store_;
};

}  // namespace ravelin::gateway
