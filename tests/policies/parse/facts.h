// Facts for tests: something for everything the examples and the shipped policies ask for.
#pragma once

#include "base/check.h"
#include "policies/model/facts.h"

#include <string_view>

namespace ravelin::policies {

inline base::IpAddress ip(std::string_view text) {
  const auto address = base::parse_ip(text);
  CHECK(address.has_value());
  return *address;
}

inline base::IpPrefix prefix(std::string_view text) {
  const auto given = base::parse_prefix(text);
  CHECK(given.has_value());
  return *given;
}

inline Facts full_facts() {
  Facts facts;
  facts.names["mirror.example.com"] = {ip("203.0.113.80"), ip("2001:db8:80::1")};
  facts.names["backup.example.com"] = {ip("203.0.113.90")};
  facts.delegated["wan"] = {prefix("2001:db8:aa00::/56")};
  facts.countries["FI"] = {range_of(prefix("198.51.100.0/25"))};
  facts.countries["SE"] = {range_of(prefix("198.51.100.128/25"))};
  facts.countries["EE"] = {range_of(prefix("2001:db8:ee::/48"))};
  facts.countries["NO"] = {range_of(prefix("2001:db8:47::/48"))};
  facts.own["wan"] = {ip("203.0.113.1"), ip("2001:db8::1")};
  facts.users = {{"root", 0}, {"_apt", 100}, {"mysql", 105}, {"ravelin", 990}};
  return facts;
}

}  // namespace ravelin::policies
