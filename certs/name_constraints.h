// For which names a certificate authority may sign: nameConstraints (RFC 5280 section 4.2.1.10) as
// values, the decision, and the extension that makes every verifier take the same one. Any thread.
#pragma once

#include "certs/certificate.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

struct NameConstraints {
  std::vector<std::string> dns{};  // "dev.test" permits itself and whatever is below it
  std::vector<base::IpPrefix> ips{};

  [[nodiscard]] bool is_open() const { return dns.empty() && ips.empty(); }  // permits any name

  friend bool operator==(const NameConstraints&, const NameConstraints&) = default;
};

// ".dev.test" and "dev.test" (the same), "10.0.0.0/8", "2001:db8::/32", "192.0.2.1". Errors: what
// is none of these; names what is wrong.
Result<NameConstraints> parse_constraints(std::span<const std::string> permitted);
std::vector<std::string> to_texts(const NameConstraints& constraints);  // ".dev.test", "10.0.0.0/8"

// `name`: a DNS name in lower case, with "*." or without, or an IP address.
bool permits(const NameConstraints& constraints, std::string_view name);

// As a critical extension; none when open. Of names and addresses, the kind of which nothing is
// permitted is excluded as a whole: else verifiers would take it as not limited at all. IPv4 and
// IPv6 are one kind: where only one of them is permitted the other is closed by that, and Java (as
// of 17) stumbles over IPv4 names when ::/0 is excluded.
void add_name_constraints(X509* certificate, const NameConstraints& constraints);

// What a certificate says about it; open when it has no such extension. Other kinds of names, and
// what is excluded, are left out.
NameConstraints read_name_constraints(const X509* certificate);

}  // namespace ravelin::certs
