// An ACME CA (RFC 8555) as an Issuer: its account on the disk, orders that survive a crash, errors
// in the CA's own words. One thread at a time, never a worker's: everything blocks, within the
// deadlines of the options.
#pragma once

#include "certs/acme/account_file.h"
#include "certs/acme/acme_options.h"
#include "certs/acme/client.h"
#include "certs/issuer/challenges.h"
#include "certs/issuer/issuer.h"

#include <memory>
#include <string>

namespace ravelin::certs {

class AcmeIssuer final : public Issuer {
 public:
  // `board` must outlive it. Asks nobody. Errors: an URL that is none, the CA file, the folder of
  // the account.
  static Result<std::unique_ptr<AcmeIssuer>> open(AcmeOptions options, ChallengeBoard& board);

  // When it fails after the order was placed, `note` says which: the same call goes on with it. An
  // order of another CA or account is not gone on with. `replaces` must be a certificate of this
  // CA.
  Outcome issue(const CertificateOrder& order, OrderNote& note, std::stop_token stop) override;
  Result<> revoke(std::string_view chain_pem, RevocationReason reason,
                  std::stop_token stop) override;
  Result<std::optional<RenewalWindow>> renewal_window(std::string_view chain_pem,
                                                      std::stop_token stop) override;

  // ---- the account ----
  // Its URL at the CA as it stands on the disk; "" = there is none. Asks nobody.
  Result<std::string> known_account_url(std::stop_token stop);
  // Its URL at the CA; registers where there is none.
  Result<std::string> account_url(std::stop_token stop);
  // A new key for the same account. After a crash in between, the next call of anything finds out
  // which of the two the CA took.
  Result<> change_account_key(std::stop_token stop);
  // For good: what comes next registers anew.
  Result<> deactivate_account(std::stop_token stop);

 private:
  AcmeIssuer(AcmeOptions options, ChallengeBoard& board, acme::AccountFile file,
             acme::Client client)
      : options_(std::move(options)),
        board_(board),
        file_(std::move(file)),
        client_(std::move(client)) {}

  acme::Reply<> ensure_account(const acme::Patience& patience);
  acme::Reply<> settle_key_change(const acme::Patience& patience);
  acme::Reply<> register_account(const acme::Patience& patience);
  // Whether the CA no longer takes this account: then a new one is registered.
  acme::Reply<bool> replace_lost_account(const acme::Failure& failure,
                                         const acme::Patience& patience);
  // With the lock held: whether another process has changed key or account meanwhile.
  acme::Reply<bool> adopt_from_disk();
  [[nodiscard]] acme::Patience patience_of(std::chrono::seconds most, std::stop_token stop) const;

  AcmeOptions options_;
  ChallengeBoard& board_;
  acme::AccountFile file_;
  acme::Client client_;
  KeyPtr key_;
  acme::Signer account_;  // kid empty = not known yet
};

}  // namespace ravelin::certs
