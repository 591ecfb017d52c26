// The issuers of a configuration, made when they are first asked for. "local" is the own CA, also
// where the configuration does not name it. The thread of whoever rotates.
#pragma once

#include "certs/config/certs_config.h"
#include "certs/issuer/issuer.h"
#include "certs/store/challenge_folder.h"
#include "certs/store/paths.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ravelin::certs {

class AcmeIssuer;

class IssuerSet {
 public:
  IssuerSet(std::vector<IssuerConfig> issuers, StorePaths paths,
            FolderBoard::AwaitGateways await_gateways);
  IssuerSet(const IssuerSet&) = delete;
  IssuerSet& operator=(const IssuerSet&) = delete;
  ~IssuerSet();

  // nullptr: there is none of that name, or it cannot be made (which is logged, and trouble() says
  // why).
  Issuer* find(const std::string& name);

  // The same for an issuer that is an ACME CA; nullptr also for any other.
  AcmeIssuer* find_acme(const std::string& name);

  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  class Boards;

  Result<std::unique_ptr<Issuer>> make(const IssuerConfig& config);

  std::vector<IssuerConfig> configs_;
  StorePaths paths_;
  FolderBoard::AwaitGateways await_;
  std::map<std::string, std::unique_ptr<Boards>> boards_;  // of issuers, which outlive them
  std::map<std::string, std::unique_ptr<Issuer>> issuers_;
  std::string trouble_;
};

}  // namespace ravelin::certs
