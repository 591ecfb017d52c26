// The words and texts of ravelin.yaml: tables of what a key may say, and checks of names, hosts,
// paths and methods. Shared by parse (text to value) and show (value to text). Pure; any thread.
#pragma once

#include "base/io/yaml.h"
#include "gateway/config/config.h"

#include <string>
#include <string_view>
#include <utility>

namespace ravelin::gateway {

namespace yaml = base::yaml;
using base::Result;

inline constexpr yaml::Choice<TlsProfile> kTlsProfiles[] = {
    {"intermediate", TlsProfile::intermediate},
    {"modern", TlsProfile::modern},
};
inline constexpr yaml::Choice<ClientAuthMode> kClientAuthModes[] = {
    {"none", ClientAuthMode::none},
    {"request", ClientAuthMode::request},
    {"require", ClientAuthMode::require},
};
inline constexpr yaml::Choice<ExpiredCrl> kExpiredCrls[] = {
    {"refuse", ExpiredCrl::refuse},
    {"accept", ExpiredCrl::accept},
};
inline constexpr yaml::Choice<ClientCertForward> kClientCertForwards[] = {
    {"none", ClientCertForward::none},
    {"certificate", ClientCertForward::certificate},
    {"chain", ClientCertForward::chain},
};
inline constexpr yaml::Choice<ProxyVersion> kProxyVersions[] = {
    {"off", ProxyVersion::off},
    {"v1", ProxyVersion::v1},
    {"v2", ProxyVersion::v2},
};
inline constexpr yaml::Choice<ConfinementNeed> kConfinementNeeds[] = {
    {"required", ConfinementNeed::required}, {"where_possible", ConfinementNeed::where_possible}};
inline constexpr yaml::Choice<LogSink> kLogSinks[] = {
    {"stderr", LogSink::standard_error},
    {"journald", LogSink::journald},
    {"syslog", LogSink::syslog},
};
inline constexpr yaml::Choice<PathPolicy> kPathPolicies[] = {
    {"reject", PathPolicy::reject},
    {"normalise", PathPolicy::normalise},
};
inline constexpr yaml::Choice<QuarantineState> kQuarantineStates[] = {
    {"ejected", QuarantineState::ejected},
    {"down", QuarantineState::down},
    {"drain", QuarantineState::drain},
    {"maint", QuarantineState::maint},
};
inline constexpr yaml::Choice<Balance> kBalances[] = {
    {"round_robin", Balance::round_robin},
    {"least_requests", Balance::least_requests},
    {"power_of_two", Balance::power_of_two},
    {"hash", Balance::hash},
};
// Those that need no name; the others are maps.
inline constexpr yaml::Choice<HashKey> kHashKeys[] = {
    {"client", HashKey::client},
    {"path", HashKey::path},
};
inline constexpr yaml::Choice<SameSite> kSameSites[] = {
    {"lax", SameSite::lax},
    {"strict", SameSite::strict},
    {"none", SameSite::none},
};
inline constexpr yaml::Choice<LimitKeyConfig::Kind> kLimitKeys[] = {
    {"client", LimitKeyConfig::Kind::client},
    {"certificate", LimitKeyConfig::Kind::certificate},
};
// What a trigger's `event` may say; of the other two, `statuses` and `paths` say it.
inline constexpr yaml::Choice<AbuseEvent> kAbuseEvents[] = {
    {"rate_limited", AbuseEvent::rate_limited},
    {"handshake", AbuseEvent::handshake},
    {"failed_handshake", AbuseEvent::failed_handshake},
    {"client_certificate", AbuseEvent::client_certificate},
};
inline constexpr yaml::Choice<DnsRecords> kDnsRecords[] = {
    {"address", DnsRecords::address},
    {"srv", DnsRecords::srv},
};
inline constexpr yaml::Choice<ServerSource> kServerSources[] = {
    {"config", ServerSource::config},
    {"file", ServerSource::file},
    {"dns", ServerSource::dns},
    {"operator", ServerSource::admin},
};
inline constexpr yaml::Choice<HealthKind> kHealthKinds[] = {
    {"http", HealthKind::http},
    {"tcp", HealthKind::tcp},
    {"tls", HealthKind::tls},
    {"command", HealthKind::command},
};

template <class E, std::size_t N>
std::string_view word_of(const yaml::Choice<E> (&table)[N], E value) {
  for (const yaml::Choice<E>& choice : table) {
    if (choice.value == value) return choice.word;
  }
  return "";
}

// Only what a token is made of (RFC 9110 section 5.6.2); "" is, too.
bool is_token(std::string_view text);

// Each takes text that is not empty and refuses with what is wrong, worded to follow the quoted
// text.

// Of a listener, route, pool or server: 1 to 64 of A-Z a-z 0-9 . _ - and no leading punctuation, so
// that it can stand in a metric label, a log line and POOL/SERVER as it is.
Result<std::string> parse_name(std::string_view text);

// Lower-cased: "example.com", "*.example.com", "10.0.0.1", "[::1]". No port, no trailing dot.
Result<std::string> parse_host_pattern(std::string_view text);

// A route's path in the form a normalised request has (RFC 3986 section 6.2.2), without a query: a
// path a request can never have would make an unreachable route.
Result<std::string> parse_route_path(std::string_view text);

// A token (RFC 9110 section 5.6.2); CONNECT is refused, Ravelin is no forward proxy.
Result<std::string> parse_method(std::string_view text);

// The name of a field that tells clients apart, in lower case; not one that frames or routes.
Result<std::string> parse_key_field(std::string_view text);

// An address and port (0: the kernel chooses) or unix:/path; not a name.
Result<base::Endpoint> parse_bind(std::string_view text);
// Name of a socket the service manager passes: 1 to 255 of printable ASCII but ':' and space.
Result<std::string> parse_socket_name(std::string_view text);
// A prefix or address, or `unix`: whoever connects to a Unix socket.
Result<ProxySource> parse_proxy_source(std::string_view text);
// A name to be asked for in the DNS, lower-cased, without a trailing dot: labels of letters,
// digits, hyphens and underscores ("_http._tcp.app.internal"), 253 bytes at most; not an address.
Result<std::string> parse_dns_name(std::string_view text);
// An address or name and a port, or unix:/path.
Result<base::Endpoint> parse_server_address(std::string_view text);
Result<base::IpEndpoint> parse_ip_endpoint(std::string_view text);

// Of a trigger: a path as a route has it, or "*" and the end of one ("*.php").
Result<std::string> parse_trap_path(std::string_view text);

// "200" or "200-399", each 100 to 599.
Result<std::pair<int, int>> parse_status_range(std::string_view text);

// Target of a redirect: an absolute URI or a path.
Result<Template> parse_location(std::string_view text);
// Value of a field in a header rule.
Result<Template> parse_field_template(std::string_view text);

Result<std::string> parse_log_level(std::string_view text);
Result<std::string> parse_user(std::string_view text);
// What may stand in a field line: visible ASCII and single spaces inside.
Result<std::string> parse_field_value(std::string_view text);
// A field's or a cookie's name: a token (RFC 9110 section 5.6.2, RFC 6265 section 4.1.1).
Result<std::string> parse_token(std::string_view text);
// A request target in origin-form, for health checks: a path, perhaps with a query.
Result<std::string> parse_target(std::string_view text);

}  // namespace ravelin::gateway
