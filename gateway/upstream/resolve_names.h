// NameWatch: keeps the names of servers resolved: at once when they come, then whenever the TTL of
// their addresses is over. The last good addresses stay while a name cannot be resolved. The
// control thread.
#pragma once

#include "gateway/dns/dns_watch.h"
#include "gateway/upstream/server.h"

#include <functional>
#include <map>
#include <memory>
#include <set>

namespace ravelin::gateway {

inline constexpr std::size_t kAddressesMax = 16;  // of a server; further ones are not used

class NameWatch {
 public:
  // Called when a name has addresses for the first time, and whenever they change.
  using Found = std::function<void(const base::NameEndpoint&, const AddressList&)>;

  NameWatch(Reactor& reactor, DnsClient& client, Found found)
      : reactor_(reactor), client_(client), found_(std::move(found)) {}

  NameWatch(const NameWatch&) = delete;
  NameWatch& operator=(const NameWatch&) = delete;
  ~NameWatch() = default;

  // From now on these, and no others.
  void use(const std::set<base::NameEndpoint>& names);
  // What is known of a name that is watched; null = nothing yet.
  [[nodiscard]] const AddressList* addresses(const base::NameEndpoint& name) const;

 private:
  // One name, asked for once however many ports it is used with.
  struct Name {
    std::unique_ptr<AddressWatch> watch;
    std::map<std::uint16_t, AddressList> by_port;
  };

  void changed(const std::string& name);

  Reactor& reactor_;
  DnsClient& client_;
  Found found_;
  std::map<std::string, Name> names_;
};

}  // namespace ravelin::gateway
