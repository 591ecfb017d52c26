// dns-01 by dynamic updates (RFC 2136): the TXT record goes to the zone's own server, signed with a
// key it knows, and is there for all to see when put_up() returns. Blocks.
#pragma once

#include "certs/dns/name_server.h"
#include "certs/issuer/challenges.h"

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace ravelin::certs {

struct DnsUpdateOptions {
  std::string server;    // ADDRESS:PORT, takes the updates
  std::string zone{};    // "" = the one the server has the name in
  std::string key_file;  // BIND's, mode 0600
  std::vector<std::string>
      secondaries{};  // ADDRESS:PORT of other servers of the zone: must have it, too
  std::vector<std::string> resolvers{};  // ADDRESS:PORT: asked for aliases the server does not know
  std::chrono::seconds deadline{60};     // for one challenge, until the record can be seen
  std::chrono::milliseconds ask_every{500};
  std::function<base::WallTime()> now = base::wall_now;
};

// One thread at a time. Records of several challenges stand side by side; each goes alone.
class DnsUpdater final : public ChallengeBoard {
 public:
  explicit DnsUpdater(DnsUpdateOptions options) : options_(std::move(options)) {}

  [[nodiscard]] bool can_answer(ChallengeType type) const override {
    return type == ChallengeType::dns_01;
  }

  // The record is at _acme-challenge.NAME, or where aliases (CNAME) from there lead.
  Result<> put_up(const Challenge& challenge) override;
  void take_down(const Challenge& challenge) override;

 private:
  struct Place {
    std::string name;
    std::string zone;
  };

  [[nodiscard]] Result<Place> find_place(const Challenge& challenge,
                                         const dns::Patience& patience) const;
  [[nodiscard]] Result<> change(const Place& place, const Challenge& challenge, dns::Class in_class,
                                const dns::Patience& patience) const;
  [[nodiscard]] Result<> await(const std::string& server, const Place& place,
                               const std::string& value, const dns::Patience& patience) const;

  DnsUpdateOptions options_;
  std::map<std::string, Place> up_;  // by the record's value
};

}  // namespace ravelin::certs
