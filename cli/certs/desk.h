// Where a question of `ravelin certs` is answered: the store, what the configuration wants of it,
// and the issuers, for the length of one command.
#pragma once

#include "certs/config/certs_config.h"
#include "certs/issuer/issuer.h"
#include "certs/rotate/issuer_set.h"
#include "certs/rotate/probe_swap.h"
#include "certs/rotate/rotation.h"
#include "certs/store/store_dir.h"
#include "cli/certs/as_owner.h"
#include "cli/certs/certs.h"
#include "cli/who_asks.h"

#include <memory>
#include <string>
#include <vector>

namespace ravelin::cli {

class CertsDesk {
 public:
  enum class Need { look, change };  // change: the store is made when it is not there

  // Errors are printed; the exit code says which kind.
  static boost::system::result<std::unique_ptr<CertsDesk>, ExitCode> open(const CertsFlags& flags,
                                                                          Need need);
  CertsDesk(const CertsDesk&) = delete;
  CertsDesk& operator=(const CertsDesk&) = delete;
  ~CertsDesk() = default;

  [[nodiscard]] certs::StoreDir& store() { return store_; }

  [[nodiscard]] const certs::StoreDir& store() const { return store_; }

  [[nodiscard]] const certs::CertsConfig& config() const { return config_; }

  [[nodiscard]] certs::IssuerSet& issuers() { return issuers_; }

  // For steps of a rotation; each step is printed unless the output is JSON.
  [[nodiscard]] certs::RotationParts parts();

  // What is wanted of a certificate: by the configuration, else what the store remembers. Error:
  // neither knows it.
  [[nodiscard]] base::Result<certs::Want> want(const std::string& name) const;

  // Until every worker of the gateway answers it.
  [[nodiscard]] base::Result<> await_challenge(const certs::Challenge& challenge) const;

  // What a gateway is to show.
  struct Expected {
    std::uint64_t generation = 0;
    std::uint32_t share = 0;  // of kWholeShare clients: as a canary; 0 = all of them
    bool no_canary = false;   // and no canary beside it
  };

  struct GatewayWord {
    std::string text;                         // for people; empty: nothing to say
    std::vector<certs::ProbePlace> places{};  // where it can be asked for
  };

  // After a change: waits until the running gateway serves it on every worker, where `-c` names
  // one; else says what has happened.
  [[nodiscard]] base::Result<GatewayWord> await_gateway(const std::string& name,
                                                        const Expected& expected) const;

 private:
  struct Parts {
    AsOwner owner;
    certs::StoreDir store;
    certs::CertsConfig config;
    CertsFlags flags;
  };

  explicit CertsDesk(Parts parts);

  AsOwner owner_;
  certs::StoreDir store_;
  certs::CertsConfig config_;
  CertsFlags flags_;
  certs::IssuerSet issuers_;
};

}  // namespace ravelin::cli
