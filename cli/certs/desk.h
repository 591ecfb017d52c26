// Where a question of `ravelin certs` is answered: the store, what the configuration wants of it,
// and the issuers, for the length of one command.
#pragma once

#include "certs/config/certs_config.h"
#include "certs/issuer/issuer.h"
#include "certs/rotate/issuer_set.h"
#include "certs/rotate/rotation.h"
#include "certs/store/store_dir.h"
#include "cli/certs/as_owner.h"
#include "cli/certs/certs.h"
#include "cli/who_asks.h"

#include <memory>
#include <string>

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

  [[nodiscard]] const certs::CertsConfig& config() const { return config_; }

  [[nodiscard]] certs::IssuerSet& issuers() { return issuers_; }

  // For steps of a rotation; each step is printed unless the output is JSON.
  [[nodiscard]] certs::RotationParts parts();

  // What is wanted of a certificate: by the configuration, else what the store remembers. Error:
  // neither knows it.
  [[nodiscard]] base::Result<certs::Want> want(const std::string& name) const;

  // Until every worker of the gateway answers it.
  [[nodiscard]] base::Result<> await_challenge(const certs::Challenge& challenge) const;

  // After a change: waits until the running gateway serves it on every worker, where `-c` names
  // one; else says what has happened. Empty text: nothing to say.
  [[nodiscard]] base::Result<std::string> await_gateway(const std::string& name,
                                                        std::uint64_t generation) const;

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
