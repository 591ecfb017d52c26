#include "certs/config/parse_certs.h"

#include "base/address.h"
#include "certs/issuer/private_key.h"
#include "certs/names.h"

#include <algorithm>
#include <set>

namespace ravelin::certs {
namespace {

namespace yaml = base::yaml;
using base::Errc;
using base::fail;
using base::Result;
using namespace std::chrono_literals;

constexpr std::size_t kIssuersMax = 32;
constexpr std::size_t kNamesMax = 100'000;
constexpr std::size_t kAlsoMax = 99;  // the names of one order, less its own

constexpr yaml::Choice<ChallengeType> kChallenges[] = {{"http-01", ChallengeType::http_01},
                                                       {"tls-alpn-01", ChallengeType::tls_alpn_01},
                                                       {"dns-01", ChallengeType::dns_01}};
constexpr yaml::Choice<IssuerKind> kOwn[] = {{"local", IssuerKind::local}};

Result<std::string> parse_name(std::string_view text) {
  if (auto checked = check_name(text); !checked)
    return fail(Errc::invalid, "is not the name of a certificate: {}", checked.error().message);
  return std::string(text);
}

Result<std::string> parse_key(std::string_view text) {
  if (parse_key_kind(text)) return std::string(text);
  return fail(Errc::invalid, "is no kind of key ({})", fmt::join(kKeyKinds, ", "));
}

Result<std::string> parse_directory(std::string_view text) {
  if (text.starts_with("https://") && text.size() > 8 && text.find(' ') == std::string_view::npos)
    return std::string(text);
  return fail(Errc::invalid, "is not the https:// address of an ACME directory");
}

Result<std::string> parse_contact(std::string_view text) {
  if (text.starts_with("mailto:") && text.find('@') != std::string_view::npos)
    return std::string(text);
  return fail(Errc::invalid, "is no contact: write mailto:NAME@HOST");
}

// ADDRESS:PORT of a name server; without a port it is 53.
Result<std::string> parse_server(std::string_view text) {
  if (const auto ip = base::parse_ip(text); ip) return base::to_string(base::IpEndpoint{*ip, 53});
  const auto endpoint = base::parse_endpoint(
      text.find(':') == std::string_view::npos ? fmt::format("{}:53", text) : std::string(text));
  if (endpoint && !std::holds_alternative<base::UnixEndpoint>(*endpoint))
    return base::to_string(*endpoint);
  return fail(Errc::invalid, "is not the address of a name server (ADDRESS:PORT)");
}

Result<std::string> parse_zone(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (auto checked = check_name(text); !checked || text.starts_with("*."))
    return fail(Errc::invalid, "is not the name of a zone");
  return std::string(text);
}

DnsUpdateConfig parse_dns_update(yaml::Map map) {
  constexpr std::size_t kServersMax = 8;
  const auto servers = yaml::one_or_list_of(yaml::converted(parse_server), 1, kServersMax);
  DnsUpdateConfig update;
  map.required("server", update.server, yaml::converted(parse_server));
  map.optional("zone", update.zone, yaml::converted(parse_zone));
  map.required("key_file", update.key_file, yaml::path());
  map.optional("secondaries", update.secondaries, servers);
  map.optional("resolver", update.resolvers, servers);
  return std::move(map).finish(std::move(update));
}

IssuerConfig parse_issuer(yaml::Map map) {
  IssuerConfig issuer;
  issuer.pos = map.pos();
  const bool is_acme = map.has("acme");
  if (is_acme == map.has("ca")) map.error("has to be either \"acme: URL\" or \"ca: local\"");
  map.optional("ca", issuer.kind, yaml::one_of(kOwn));
  map.optional("acme", issuer.directory, yaml::converted(parse_directory));
  if (is_acme) issuer.kind = IssuerKind::acme;
  map.optional("ca_file", issuer.ca_file, yaml::path());
  map.optional("eab", issuer.eab, yaml::path());
  map.optional("contact", issuer.contact,
               yaml::one_or_list_of(yaml::converted(parse_contact), 0, 10));
  map.optional("chain", issuer.chain);
  map.optional("profile", issuer.profile);
  map.optional("challenges", issuer.challenges,
               yaml::one_or_list_of(yaml::one_of(kChallenges), 1, 3));
  map.optional("dns_hook", issuer.dns_hook, yaml::path());
  if (map.has("dns_update")) {
    issuer.dns_update.emplace();
    map.optional("dns_update", *issuer.dns_update, yaml::object(parse_dns_update));
    if (map.has("dns_hook")) map.error("has either \"dns_hook\" or \"dns_update\"");
  }
  for (const std::string_view key :
       {"ca_file", "eab", "contact", "chain", "challenges", "dns_hook", "dns_update"})
    if (!is_acme && map.has(key))
      map.error(fmt::format("\"{}\" is for ACME CAs; the own CA needs none", key));
  return std::move(map).finish(std::move(issuer));
}

// A map of names to issuers, in the order of the file.
bool read_issuers(const yaml::Value& value, std::vector<IssuerConfig>& issuers) {
  if (!yaml::expect(value, yaml::Kind::map)) return false;
  const std::size_t count = value.node().members.size();
  if (count > kIssuersMax) value.error(fmt::format("has more than {} issuers", kIssuersMax));
  for (std::size_t i = 0; i < std::min(count, kIssuersMax); ++i) {
    IssuerConfig issuer;
    if (!yaml::object(parse_issuer)(value.member(i), issuer)) continue;
    issuer.name = value.node().members[i].key;
    issuers.push_back(std::move(issuer));
  }
  return true;
}

CertificateConfig parse_certificate(yaml::Map map) {
  CertificateConfig certificate;
  certificate.pos = map.pos();
  map.required("name", certificate.name, yaml::converted(parse_name));
  map.optional("also", certificate.also,
               yaml::one_or_list_of(yaml::converted(parse_name), 0, kAlsoMax));
  map.optional("issuers", certificate.issuers,
               yaml::one_or_list_of(yaml::text(1, 64), 1, kIssuersMax));
  map.optional("keys", certificate.keys, yaml::one_or_list_of(yaml::converted(parse_key), 1, 2));
  map.optional("profile", certificate.profile);
  map.optional("pin_key", certificate.pins_key);
  return std::move(map).finish(std::move(certificate));
}

bool is_rsa(std::string_view key) {
  return key.starts_with("rsa");
}

// What one entry says about the others.
void check_certificate(const CertsConfig& config, const CertificateConfig& certificate,
                       const std::string& key, yaml::Report& report) {
  for (const std::string& issuer : certificate.issuers) {
    if (std::ranges::find(config.issuers, issuer, &IssuerConfig::name) != config.issuers.end())
      continue;
    std::string known;
    for (const IssuerConfig& each : config.issuers)
      known += (known.empty() ? "" : ", ") + each.name;
    report.error(certificate.pos, key + ".issuers",
                 fmt::format("issuer \"{}\" is not defined (defined: {})", issuer,
                             known.empty() ? "none" : known));
  }
  std::set<std::string_view> covered{certificate.name};
  for (const std::string& name : certificate.also)
    if (!covered.insert(name).second)
      report.error(certificate.pos, key + ".also", fmt::format("names \"{}\" twice", name));
  if (certificate.keys.size() == 2 && is_rsa(certificate.keys[0]) == is_rsa(certificate.keys[1]))
    report.error(certificate.pos, key + ".keys",
                 "names two keys of one type; a certificate has one elliptic and one RSA key");
}

void complete(CertsConfig& config, const std::string& path, yaml::Report& report) {
  std::set<std::string, std::less<>> seen;
  for (std::size_t i = 0; i < config.names.size(); ++i) {
    CertificateConfig& certificate = config.names[i];
    const std::string key = fmt::format("{}.names[{}]", path, i);
    if (!certificate.name.empty() && !seen.insert(certificate.name).second)
      report.error(certificate.pos, key + ".name",
                   fmt::format("certificate \"{}\" is there already", certificate.name));
    check_certificate(config, certificate, key, report);
    if (!certificate.issuers.empty()) continue;
    for (const IssuerConfig& issuer : config.issuers)
      certificate.issuers.push_back(issuer.name);
    if (config.issuers.empty())
      report.error(certificate.pos, key, "has no issuer: define one in \"certs.issuers\"");
  }
}

}  // namespace

CertsConfig parse_certs(yaml::Map map) {
  CertsConfig config;
  map.optional("store", config.store, yaml::path());
  map.optional("look_every", config.look_every, yaml::between(1s, 1h));
  map.optional("watch_after_swap", config.watch_after_swap, yaml::between(0s, 10min));
  map.optional("issuers", config.issuers, read_issuers);
  map.optional("names", config.names, yaml::list_of(yaml::object(parse_certificate), 0, kNamesMax));
  if (map.has("names")) complete(config, map.path(), map.value("names").report());
  return std::move(map).finish(std::move(config));
}

CertsConfig load_certs(const std::string& path, yaml::Loader& loader,
                       base::Diagnostics& diagnostics) {
  CertsConfig config;
  const yaml::Tree tree = yaml::load_tree(path, loader, {}, diagnostics);
  if (tree.root.kind != yaml::Kind::map) return config;
  yaml::Report report{diagnostics, loader.directory()};
  yaml::Map root(yaml::Value(report, tree.root, ""));
  root.optional("certs", config, yaml::object(parse_certs));
  std::move(root).finish_partial();
  return config;
}

void check_certs(const std::string& path, yaml::Loader& loader, base::Diagnostics& diagnostics) {
  if (diagnostics.has_errors()) return;
  base::Diagnostics own;
  load_certs(path, loader, own);
  for (const base::Finding& finding : own.findings()) {
    if (finding.severity == base::Severity::error)
      diagnostics.error(finding.pos, finding.key, finding.message);
    // Warnings about the file as a whole have been given already.
  }
}

}  // namespace ravelin::certs
