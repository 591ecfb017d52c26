// The unattended renewal of a store: made ready before a gateway opens (a store that is there,
// something to show for every wanted name), running while one serves. It knows the gateway by its
// link alone.
#pragma once

#include "base/result.h"
#include "certs/config/certs_config.h"
#include "certs/rotate/issuer_set.h"
#include "certs/rotate/limits_left.h"
#include "certs/rotate/renewer.h"
#include "certs/rotate/swap_watcher.h"
#include "certs/store/store_dir.h"
#include "certs/store/ticket_file.h"
#include "certs/view/store_upkeep.h"
#include "system/renewal/gateway_link.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace ravelin::system {

class UnattendedRenewal {
 public:
  // Makes the store when certificates are wanted, and a placeholder from the own CA, where there is
  // one, for each that has nothing to show: starting waits for no CA. `tickets`: the store's ring
  // is kept as well; nothing: whoever shows it does that. Null when no certificate is wanted and
  // there is no store. Errors: the store.
  static base::Result<std::unique_ptr<UnattendedRenewal>> open(
      certs::CertsConfig config, std::optional<certs::TicketRules> tickets);
  UnattendedRenewal(const UnattendedRenewal&) = delete;
  UnattendedRenewal& operator=(const UnattendedRenewal&) = delete;
  ~UnattendedRenewal();  // ends an order under way; it goes on another time

  // To be given gateways.
  GatewayLink& gateway() { return gateway_; }

  void start();

  // Another configuration is wanted from now on, of the same store. Any thread.
  void use(certs::CertsConfig config);

 private:
  explicit UnattendedRenewal(certs::StoreDir store) : store_(std::move(store)) {}

  void make_issuers();
  void make_placeholders();
  void make_placeholder(const certs::CertificateConfig& wanted);
  void tend_own_ca();
  void tend_tickets();
  [[nodiscard]] std::optional<std::vector<certs::CertificateConfig>> take_next();
  [[nodiscard]] RenewalReport report() const;
  void tell(const std::stop_token& stop);

  certs::CertsConfig config_;  // the renewer's thread, once it runs
  certs::StoreDir store_;
  std::optional<certs::TicketRules> tickets_;
  GatewayLink gateway_{store_.paths().root()};
  std::mutex mutex_;  // next_
  std::optional<certs::CertsConfig> next_;
  std::string ca_trouble_;
  std::string ticket_trouble_;
  certs::StoreUpkeep upkeep_{store_};
  certs::LimitBook limits_{store_};
  std::unique_ptr<certs::IssuerSet> issuers_;
  std::unique_ptr<certs::Renewer> renewer_;
  std::unique_ptr<certs::SwapWatcher> watcher_;
  std::atomic<std::uint64_t> looks_{0};
  std::jthread teller_;
};

}  // namespace ravelin::system
