// The seam between who keeps certificates and who serves them: the gateway asks an immutable view
// by name, and takes a new view when the store has one. Files are one engine; no caller sees a
// path.
#pragma once

#include "certs/certificate.h"

#include <memory>
#include <string_view>

namespace ravelin::certs {

// What is served for one name: up to one pair per key type. At least one is set.
struct PairSet {
  PairPtr ec;
  PairPtr rsa;

  [[nodiscard]] bool is_empty() const { return ec == nullptr && rsa == nullptr; }

  friend bool operator==(const PairSet&, const PairSet&) = default;  // the same objects
};

// One immutable generation of a store. Any thread, without a lock.
class CertificateView {
 public:
  CertificateView() = default;
  CertificateView(const CertificateView&) = delete;
  CertificateView& operator=(const CertificateView&) = delete;
  virtual ~CertificateView() = default;

  // The pairs for a lower-case host name, exact before wildcard; empty when no certificate covers
  // it.
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
