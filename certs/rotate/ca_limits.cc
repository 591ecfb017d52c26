#include "certs/rotate/ca_limits.h"

#include <array>

namespace ravelin::certs {
namespace {

using std::chrono::days;
using std::chrono::hours;

// letsencrypt.org/docs/rate-limits (June 2025). Certificates for the same names as one of before
// are renewals: they count for those names alone.
constexpr std::array<OrderLimit, 3> kLetsEncrypt = {{
    {LimitedBy::account, 300, hours(3), false},
    {LimitedBy::registered_domain, 50, days(7), false},
    {LimitedBy::exact_names, 5, days(7), true},
}};

struct KnownCa {
  std::string_view host;
  CaLimits limits;
};

constexpr std::array<KnownCa, 4> kKnown = {{
    {"acme-v02.api.letsencrypt.org",
     {"Let's Encrypt", "letsencrypt.org", false, true, kLetsEncrypt}},
    {"acme-staging-v02.api.letsencrypt.org",
     {"Let's Encrypt staging", "letsencrypt.org", false, true, {}}},
    {"dv.acme-v02.api.pki.goog", {"Google Trust Services", "pki.goog", true, false, kLetsEncrypt}},
    {"acme.zerossl.com", {"ZeroSSL", "sectigo.com", true, false, kLetsEncrypt}},
}};

std::string_view host_of(std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  if (url.starts_with(kScheme)) url.remove_prefix(kScheme.size());
  return url.substr(0, url.find_first_of(":/"));
}

}  // namespace

CaLimits limits_of(std::string_view directory_url) {
  const std::string_view host = host_of(directory_url);
  for (const KnownCa& known : kKnown)
    if (known.host == host) return known.limits;
  return {"unknown CA", "", true, false, kLetsEncrypt};
}

}  // namespace ravelin::certs
