// The seam between who keeps certificates and who serves them: the gateway asks an immutable view
// by name, and takes a new view when the store has one. Files are one engine; no caller sees a
// path.
#pragma once

#include "base/address.h"
#include "base/hash.h"
#include "certs/certificate.h"

#include <cstdint>
#include <memory>
#include <string_view>

namespace ravelin::certs {

// Which generation of which certificate of a store pairs are of.
struct PairSource {
  std::uint64_t name = 0;  // source_name(); 0 = they are of no store
  std::uint64_t generation = 0;

  friend bool operator==(const PairSource&, const PairSource&) = default;
};

// The name of a certificate of a store as a number.
constexpr std::uint64_t source_name(std::string_view name) {
  return base::mix_bits(base::fnv1a(name));
}

struct CanaryPairs;

// What is served for one name: up to one pair per key type. At least one is set.
struct PairSet {
  PairPtr ec;
  PairPtr rsa;
  PairSource source{};
  std::shared_ptr<const CanaryPairs> canary{};  // what some clients get instead; usually null

  [[nodiscard]] bool is_empty() const { return ec == nullptr && rsa == nullptr; }

  friend bool operator==(const PairSet&, const PairSet&) = default;  // the same objects
};

// A generation that is tried on a share of the clients.
struct CanaryPairs {
  PairSet pairs;
  std::uint32_t share = 0;  // of 10,000 clients

  // Whether the client of that prefix gets it: the same answer everywhere, and who gets it at one
  // share gets it at every larger one. Each generation is tried on others.
  [[nodiscard]] bool is_for(const base::IpAddress& prefix) const {
    constexpr std::uint64_t kWhole = 10'000;
    const std::uint64_t address =
        base::fnv1a({reinterpret_cast<const char*>(prefix.bytes.data()), prefix.bytes.size()});
    const std::uint64_t hash =
        base::mix_bits(address ^ base::mix_bits(pairs.source.name + pairs.source.generation));
    return ((hash >> 32U) * kWhole) >> 32U < share;
  }
};

// One immutable generation of a store. Any thread, without a lock.
class CertificateView {
 public:
  CertificateView() = default;
  CertificateView(const CertificateView&) = delete;
  CertificateView& operator=(const CertificateView&) = delete;
  virtual ~CertificateView() = default;

  // The pairs for a lower-case host name, exact before wildcard, or for an address in the form of
  // base::to_string(); empty when no certificate covers it.
  [[nodiscard]] virtual PairSet find(std::string_view name) const = 0;
};

class CertStore {
 public:
  CertStore() = default;
  CertStore(const CertStore&) = delete;
  CertStore& operator=(const CertStore&) = delete;
  virtual ~CertStore() = default;

  // The current generation; never nullptr. A view already taken is unaffected by later changes.
  [[nodiscard]] virtual std::shared_ptr<const CertificateView> view() const = 0;
};

}  // namespace ravelin::certs
