// What answers of name servers say of a name: what it is an alias of, which zone it is in, who may
// issue certificates for it. Pure; any thread; fuzzed.
#pragma once

#include "certs/dns/message.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs::dns {

// What the answer says `name` is an alias of; "" = of nothing.
std::string alias_in(const Message& answer, std::string_view name);

// Whether the server is the authority for what it was asked for, and has said that there is such a
// record or none.
bool is_settled(const Message& answer);

// The zone of the server's own that `name` is in; nullopt = it says of none.
std::optional<std::string> zone_in(const Message& answer, std::string_view name);

// One property of a CAA record (RFC 8659 section 4.1).
struct CaaProperty {
  std::string tag;    // lower case: "issue", "issuewild", "iodef"
  std::string value;  // "letsencrypt.org; validationmethods=dns-01"
  bool is_critical = false;

  friend bool operator==(const CaaProperty&, const CaaProperty&) = default;
};

// All of them, whatever name they stand at: a CA takes aliases' as the name's own. Records that are
// damaged count as critical ones with the tag "".
std::vector<CaaProperty> caa_in(const Message& answer);

// Whether a CA that goes by one of `identities` ("letsencrypt.org") may issue, by the properties of
// the name that counts (RFC 8659 section 4.2): "" = it may, else why not.
std::string caa_refusal(const std::vector<CaaProperty>& properties,
                        const std::vector<std::string>& identities, bool is_wildcard);

}  // namespace ravelin::certs::dns
