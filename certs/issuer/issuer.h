// The seam between what renews certificates and who signs them: a request for signature goes in, a
// chain comes out. Issuers may wait for a CA for minutes; they run on a thread of their own, never
// on a worker's or the control thread.
#pragma once

#include "base/clock.h"
#include "base/result.h"

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

using base::Result;

// What is asked of an issuer. The key behind `csr` is never its business.
struct CertificateOrder {
  std::vector<std::string> names;  // DNS names in lower case ("*.example.com" too), IP addresses
  std::string csr;                 // PKCS#10 in DER: empty subject, the names as subjectAltName
  std::string profile{};           // of the CA; "" = its default
  std::string replaces{};          // the certificate it takes the place of: certID of RFC 9773
  std::optional<base::WallTime> not_before{};  // none = what the issuer does by default
  std::optional<base::WallTime> not_after{};
};

// What an issuer must not forget while an order runs: a text of its own (where the order is at the
// CA), kept on the disk. Whoever starts again after a crash goes on with the same order.
class OrderNote {
 public:
  OrderNote() = default;
  OrderNote(const OrderNote&) = delete;
  OrderNote& operator=(const OrderNote&) = delete;
  virtual ~OrderNote() = default;

  // "" when there is none yet.
  [[nodiscard]] virtual std::string text() const = 0;
  // On the disk when it returns.
  virtual Result<> save(std::string_view text) = 0;
};

struct IssuedChain {
  std::string pem;    // leaf first, then intermediates, without the root
  std::string order;  // what the issuer calls it (an URL), for history; may be empty
  // The order named the certificate it replaces, and the CA took it; unknown after a crash = false.
  bool says_replaces = false;
};

// Why an order came to nothing, beside the text for the operator.
struct IssueFailure {
  base::Error error;
  // The CA asks not to be bothered before that.
  std::optional<std::chrono::seconds> retry_after{};
  // Nothing about these names will be better next time (rejected, forbidden by CAA): another issuer
  // may still do it.
  bool is_final = false;
  // It gave no answer, or none but that it cannot work (5xx): other names fare no better now.
  bool is_away = false;
};

// RFC 9773: when the CA would like the certificate renewed.
struct RenewalWindow {
  base::WallTime start;
  base::WallTime end;
  std::string explanation{};  // an URL, "" = none given
  std::chrono::seconds ask_again{6 * 3600};
};

// Why a certificate is revoked (RFC 5280 section 5.3.1); the numbers are those of the standard.
enum class RevocationReason : std::uint8_t {
  unspecified = 0,
  key_compromise = 1,
  affiliation_changed = 3,
  superseded = 4,
  cessation_of_operation = 5,
  privilege_withdrawn = 9
};

class Issuer {
 public:
  Issuer() = default;
  Issuer(const Issuer&) = delete;
  Issuer& operator=(const Issuer&) = delete;
  virtual ~Issuer() = default;

  using Outcome = boost::system::result<IssuedChain, IssueFailure>;

  // Blocks until there is a chain or a reason why not; ends early when stopped. The chain is as the
  // CA sent it: whoever asked checks it against the order.
  virtual Outcome issue(const CertificateOrder& order, OrderNote& note, std::stop_token stop) = 0;

  // `chain_pem`: the certificate and its issuer's, which a CA may want to know it by.
  virtual Result<> revoke(std::string_view chain_pem, RevocationReason reason,
                          std::stop_token stop) = 0;

  // nullopt: this issuer does not say; the lifetime decides. Errc::unavailable, timeout: it is
  // away.
  virtual Result<std::optional<RenewalWindow>> renewal_window(std::string_view chain_pem,
                                                              std::stop_token stop) = 0;
};

}  // namespace ravelin::certs
