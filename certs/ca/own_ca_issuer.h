// The own certificate authority as an issuer. Opens the CA's folder for each order and lets go of
// it afterwards, so that commands and the gateway may use one CA side by side. Blocks on the disk,
// and while another process holds the CA: on the thread of issuers alone.
#pragma once

#include "certs/ca/own_ca.h"
#include "certs/issuer/issuer.h"

#include <functional>
#include <string>

namespace ravelin::certs {

class OwnCaIssuer : public Issuer {
 public:
  using Clock = std::function<base::WallTime()>;

  // `dir`: the CA's folder (STORE/ca). Whether there is one shows at the first order.
  explicit OwnCaIssuer(std::string dir, Clock clock = base::wall_now)
      : dir_(std::move(dir)), clock_(std::move(clock)) {}

  // Profiles: "server" (also ""), "client", "peer" (both). The note is the chain itself, saved
  // before it is recorded: whoever comes back with it gets the same certificate, not a second one.
  // Final failures: names the CA may not sign, a request for signature that is refused, a key that
  // was revoked as compromised.
  Outcome issue(const CertificateOrder& order, OrderNote& note, std::stop_token stop) override;

  // crl.pem names it when it returns. One that is revoked already stays as it was. Errors: it is
  // not of this CA.
  Result<> revoke(std::string_view chain_pem, RevocationReason reason,
                  std::stop_token stop) override;

  // The same by its serial number alone, for one that is recorded as signed. Errors: it is not.
  Result<> revoke_serial(std::string_view serial, RevocationReason reason,
                         const std::stop_token& stop);

  // Does not say.
  Result<std::optional<RenewalWindow>> renewal_window(std::string_view chain_pem,
                                                      std::stop_token stop) override;

 private:
  std::string dir_;
  Clock clock_;
};

}  // namespace ravelin::certs
