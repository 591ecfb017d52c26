// The unattended renewal in the process of the gateway: made ready before it opens (a store that is
// there, something to show for every wanted name), running while it serves.
#pragma once

#include "base/result.h"
#include "certs/config/certs_config.h"
#include "certs/rotate/issuer_set.h"
#include "certs/rotate/limits_left.h"
#include "certs/rotate/renewer.h"
#include "certs/store/store_dir.h"
#include "certs/view/store_upkeep.h"
#include "cli/certs/swaps.h"
#include "gateway/runtime/gateway.h"

#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace ravelin::cli {

class CertsRenewal {
 public:
  // `path`: the configuration file. Makes the store when certificates are wanted, and a placeholder
  // from the own CA, where there is one, for each that has nothing to show: starting waits for no
  // CA. Null when the configuration has no certificates of a store. Errors: the store.
  static base::Result<std::unique_ptr<CertsRenewal>> open(const std::string& path);
  CertsRenewal(const CertsRenewal&) = delete;
  CertsRenewal& operator=(const CertsRenewal&) = delete;
  ~CertsRenewal() = default;

  // The control thread, once the gateway serves; stop() before it goes.
  void start(gateway::Gateway& gateway);
  void stop();

 private:
  CertsRenewal(std::string path, certs::CertsConfig config, certs::StoreDir store)
      : path_(std::move(path)), config_(std::move(config)), store_(std::move(store)) {}

  void make_issuers();
  void make_placeholders();
  void tend_own_ca();
  void read_configuration();
  [[nodiscard]] base::Result<> await_challenge(const certs::Challenge& challenge);

  std::string path_;
  certs::CertsConfig config_;  // the renewer's thread, once it runs
  certs::StoreDir store_;
  gateway::Gateway* gateway_ = nullptr;
  std::mutex mutex_;  // next_
  std::optional<certs::CertsConfig> next_;
  std::string ca_trouble_;
  certs::StoreUpkeep upkeep_{store_};
  certs::LimitBook limits_{store_};
  std::unique_ptr<certs::IssuerSet> issuers_;
  std::unique_ptr<certs::Renewer> renewer_;
  std::unique_ptr<SwapWatch> swaps_;
};

}  // namespace ravelin::cli
