// One order from the first request to the chain: placed or taken up again, its names proven, the
// request for signature handed in, the chain fetched and chosen. Blocks within one patience.
#pragma once

#include "certs/acme/acme_options.h"
#include "certs/acme/challenge_choice.h"
#include "certs/acme/client.h"
#include "certs/issuer/issuer.h"

#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs::acme {

// All borrowed for as long as the run lasts.
struct RunParts {
  Client& client;
  const AcmeOptions& options;
  ChallengeBoard& board;
  const Signer& account;
  const CertificateOrder& wanted;
  OrderNote& note;
};

class OrderRun {
 public:
  OrderRun(const RunParts& parts, Patience patience)
      : client_(parts.client),
        options_(parts.options),
        board_(parts.board),
        account_(parts.account),
        wanted_(parts.wanted),
        note_(parts.note),
        patience_(std::move(patience)) {}

  Reply<IssuedChain> run();

 private:
  struct Challenged {
    std::string authorization_url;
    Challenge challenge;
  };

  Reply<AskedOrder> place();
  Reply<OrderRequest> make_request();
  // Nothing when there is no order to go on with.
  Reply<std::optional<AskedOrder>> resume();
  Reply<IssuedChain> finish(AskedOrder order);

  Reply<> prove(const AskedOrder& order);
  Reply<> challenge(const std::string& authorization_url);
  Reply<> trigger(const std::string& authorization_url, const OfferedChallenge& offered);
  Reply<> await_authorization(const Challenged& challenged);
  void take_down_all();
  void deactivate_pending(const Order& order);

  // Reads the order again until it is no longer in `state`.
  Reply<AskedOrder> await_order(AskedOrder order, Status state);
  Reply<AskedOrder> finalize(const AskedOrder& order);
  Reply<IssuedChain> fetch(const AskedOrder& order);
  [[nodiscard]] Failure order_failed(const AskedOrder& order) const;
  [[nodiscard]] Failure authorization_failed(const Authorization& authorization) const;
  [[nodiscard]] Failure needs_longer(std::string_view doing) const;
  [[nodiscard]] Failure unless_too_late(const Failure& failure, std::string_view doing) const;
  // Waits before asking again for the `tries`-th time.
  Reply<> wait_turn(std::optional<std::chrono::seconds> asked, int tries, std::string_view doing);
  [[nodiscard]] Failure without_secrets(Failure failure) const;

  Client& client_;
  const AcmeOptions& options_;
  ChallengeBoard& board_;
  const Signer& account_;
  const CertificateOrder& wanted_;
  OrderNote& note_;
  Patience patience_;
  std::vector<Challenged> up_;
  bool triggered_ = false;  // the CA was told to look
  bool says_replaces_ = false;
};

}  // namespace ravelin::certs::acme
