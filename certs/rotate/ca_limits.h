// What is known of public CAs, above all how many orders they take: data, by the address of their
// directory. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

namespace ravelin::certs {

using std::chrono::seconds;

// What is counted together.
enum class LimitedBy : std::uint8_t { account, registered_domain, exact_names };

struct OrderLimit {
  LimitedBy by = LimitedBy::account;
  std::size_t most = 0;
  seconds span{};               // any stretch that long
  bool counts_renewals = true;  // certificates for the same names as one of before, too
};

struct CaLimits {
  std::string_view ca;  // "Let's Encrypt"
  std::string_view
      caa_identity;  // as CAA records call it (RFC 8659): "letsencrypt.org"; "" = not known
  // The CA publishes none that we know of: these are Let's Encrypt's, the strictest of those that
  // do.
  bool is_assumed = false;
  // It says when to renew (RFC 9773), and an order that names the certificate it replaces counts
  // for nothing.
  bool exempts_replacing = false;
  std::span<const OrderLimit> limits;
};

// By the host of the directory's URL. A staging CA we know has none worth looking at.
CaLimits limits_of(std::string_view directory_url);

}  // namespace ravelin::certs
