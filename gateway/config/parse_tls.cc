#include "gateway/config/parse_tls.h"

#include "gateway/config/parse_key.h"
#include "gateway/config/words.h"

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kCertificatesMax = 10'000;
constexpr std::size_t kCrlPlacesMax = 16;

// One entry of `certificates`: a pair of files, or the store.
struct CertificateEntry {
  CertificateConfig certificate;
  bool is_store = false;
};

CertificateEntry parse_certificate(yaml::Map map) {
  CertificateEntry entry;
  entry.certificate.pos = map.pos();
  if (map.has("store")) {
    map.optional("store", entry.is_store);
    if (!entry.is_store) map.error("\"store\" can only be true");
    return std::move(map).finish(std::move(entry));
  }
  map.required("chain", entry.certificate.chain, yaml::path());
  map.required("key", entry.certificate.key, read_key_place);
  parse_key_secret(map, entry.certificate.key, entry.certificate.key_secret);
  map.optional("default", entry.certificate.is_default);
  map.optional("staple", entry.certificate.staple, yaml::path());
  return std::move(map).finish(std::move(entry));
}

// A path, or the URL of a list.
bool read_crl_place(const yaml::Value& value, std::string& place) {
  const bool is_url = value.is(yaml::Kind::scalar) && is_crl_url(value.node().text);
  return is_url ? yaml::read(value, place) : yaml::path()(value, place);
}

ClientAuthConfig parse_client_auth(yaml::Map map) {
  ClientAuthConfig auth;
  auth.pos = map.pos();
  map.required("mode", auth.mode, yaml::one_of(kClientAuthModes));
  map.optional("ca", auth.ca, yaml::path());
  map.optional("crl", auth.crls, yaml::one_or_list_of(read_crl_place, 1, kCrlPlacesMax));
  map.optional("crl_expired", auth.crl_expired, yaml::one_of(kExpiredCrls));
  map.optional("crl_refresh", auth.crl_refresh, yaml::between(1s, 168h));
  map.optional("crl_cache", auth.crl_cache, yaml::path());
  map.optional("forward", auth.forward, yaml::one_of(kClientCertForwards));
  return std::move(map).finish(std::move(auth));
}

TicketConfig parse_tickets(yaml::Map map) {
  TicketConfig tickets;
  map.optional("rotate", tickets.rotate, yaml::between(1min, 168h));
  map.optional("keep", tickets.keep, yaml::between(1, 16));
  return std::move(map).finish(tickets);
}

HstsConfig parse_hsts(yaml::Map map) {
  HstsConfig hsts = ListenerTlsConfig{}.hsts;
  map.optional("max_age", hsts.max_age, yaml::between(0s, 24h * 3650));
  map.optional("include_subdomains", hsts.include_subdomains);
  return std::move(map).finish(hsts);
}

// `off`, or a map.
bool read_hsts(const yaml::Value& value, HstsConfig& hsts) {
  if (value.is(yaml::Kind::scalar)) {
    if (value.node().text != "off") {
      value.error("must be \"off\" or a map");
      return false;
    }
    hsts.max_age.reset();
    return true;
  }
  return yaml::object(parse_hsts)(value, hsts);
}

}  // namespace

ListenerTlsConfig parse_listener_tls(yaml::Map map, TlsProfile profile) {
  ListenerTlsConfig tls;
  tls.pos = map.pos();
  tls.profile = profile;
  std::vector<CertificateEntry> entries;
  map.optional("profile", tls.profile, yaml::one_of(kTlsProfiles));
  map.required("certificates", entries,
               yaml::list_of(yaml::object(parse_certificate), 1, kCertificatesMax));
  map.optional("client_auth", tls.client_auth, yaml::object(parse_client_auth));
  map.optional("tickets", tls.tickets, yaml::object(parse_tickets));
  map.optional("hsts", tls.hsts, read_hsts);
  for (CertificateEntry& entry : entries) {
    if (entry.is_store) {
      tls.from_store = true;
    } else {
      tls.certificates.push_back(std::move(entry.certificate));
    }
  }
  return std::move(map).finish(std::move(tls));
}

}  // namespace ravelin::gateway
