// What name servers say, for one command: the configuration's `dns.servers`, else the system's.
// Blocks, all questions together for a while at most.
#pragma once

#include "base/address.h"
#include "certs/dns/name_server.h"
#include "cli/certs/certs.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::cli {

class Lookup {
 public:
  // What is wrong with the configuration otherwise is not looked at.
  explicit Lookup(const CertsFlags& flags);

  // The first answer of a server that gives one; after one question in vain every further one fails
  // at once. Errors: nobody can be asked; the server says that it has failed (SERVFAIL, REFUSED).
  base::Result<certs::dns::Message> ask(std::string_view name, certs::dns::Type type);

  // A and AAAA, aliases followed by the server; may be none.
  base::Result<std::vector<base::IpAddress>> addresses(std::string_view name);

 private:
  std::vector<std::string> servers_;
  certs::dns::Patience patience_;
  std::optional<base::Error> failed_;
};

}  // namespace ravelin::cli
