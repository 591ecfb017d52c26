#include "gateway/config/parse.h"

#include "gateway/config/access_fields.h"
#include "gateway/config/parse_abuse.h"
#include "gateway/config/parse_dns.h"
#include "gateway/config/parse_limits.h"
#include "gateway/config/parse_listener.h"
#include "gateway/config/parse_pool.h"
#include "gateway/config/validate.h"
#include "gateway/config/words.h"

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;

constexpr int kWorkersMax = 1024;
constexpr std::size_t kListenersMax = 1000;
constexpr std::size_t kPoolsMax = 50'000;
constexpr std::size_t kUnixPathMax = 107;

// `auto`, or how many.
bool read_workers(const yaml::Value& value, int& workers) {
  if (value.is(yaml::Kind::scalar) && value.node().text == "auto") {
    workers = 0;
    return true;
  }
  return yaml::between(1, kWorkersMax)(value, workers);
}

bool read_version(const yaml::Value& value, int& version) {
  if (!yaml::between(0, 1'000'000)(value, version)) return false;
  if (version == 1) return true;
  value.error(fmt::format("{} is not a version this program reads (1)", version));
  return false;
}

// A path, or "-" for standard output.
bool read_log_path(const yaml::Value& value, std::string& path) {
  const bool is_stdout = value.is(yaml::Kind::scalar) && value.node().text == "-";
  if (!is_stdout) return yaml::path()(value, path);
  path = "-";
  return true;
}

bool read_socket_path(const yaml::Value& value, std::string& path) {
  if (!yaml::path()(value, path)) return false;
  if (path.size() <= kUnixPathMax) return true;
  value.error(fmt::format("the path of a socket has at most {} bytes; this one, {}, has {}",
                          kUnixPathMax, path, path.size()));
  return false;
}

AdminConfig parse_admin(yaml::Map map) {
  AdminConfig admin;
  map.optional("socket", admin.socket, read_socket_path);
  map.optional("listen", admin.listen, yaml::converted(parse_ip_endpoint));
  map.optional("overrides", admin.overrides, yaml::path());
  return std::move(map).finish(std::move(admin));
}

AccessSampleConfig parse_sample(yaml::Map map) {
  AccessSampleConfig sample;
  map.required("percent", sample.percent, yaml::between(0, 100));
  map.optional("keep_errors", sample.always_errors);
  map.optional("keep_slower", sample.slow, yaml::between(1ms, 1h));
  return std::move(map).finish(sample);
}

Result<std::string> parse_access_field(std::string_view text) {
  if (find_access_field(text)) return std::string(text);
  return base::fail(base::Errc::invalid, "is not a field of the access log ({})",
                    fmt::join(kAccessFieldNames, ", "));
}

LogConfig parse_log(yaml::Map map) {
  LogConfig log;
  map.optional("level", log.level, yaml::converted(parse_log_level));
  map.optional("sink", log.sink, yaml::one_of(kLogSinks));
  map.optional("socket", log.socket, read_socket_path);
  map.optional("access", log.access, read_log_path);
  if (log.sink == LogSink::standard_error && map.has("socket"))
    map.error("\"socket\" needs \"sink\" journald or syslog");
  const auto names =
      yaml::one_or_list_of(yaml::converted(parse_access_field), 1, kAccessFieldNames.size());
  map.optional("fields", log.fields, names);
  map.optional("fields_without", log.fields_without, names);
  map.optional("sample", log.sample, yaml::object(parse_sample));
  if (map.has("fields") && map.has("fields_without"))
    map.error("\"fields\" and \"fields_without\" contradict each other; keep one of the two");
  return std::move(map).finish(std::move(log));
}

struct GlobalTls {
  TlsProfile profile = Config{}.tls_profile;
  std::vector<std::string> key_groups = Config{}.tls_key_groups;
};

GlobalTls parse_global_tls(yaml::Map map) {
  GlobalTls tls;
  map.optional("profile", tls.profile, yaml::one_of(kTlsProfiles));
  map.optional("key_groups", tls.key_groups,
               yaml::one_or_list_of(yaml::converted(parse_user), 0, 64));
  return std::move(map).finish(std::move(tls));
}

// Of `certs`, the gateway needs the store alone; the rest belongs to the certificate part.
std::string parse_certs(yaml::Map map) {
  std::string store;
  map.optional("store", store, yaml::path());
  std::move(map).finish_partial();
  return store;
}

FirewallConfig parse_firewall(yaml::Map map) {
  FirewallConfig firewall;
  map.optional("manage", firewall.manages);
  map.optional("policy", firewall.policy, yaml::path());
  map.optional("state", firewall.state, yaml::path());
  map.optional("bans", firewall.takes_bans);
  map.optional("socket", firewall.socket, read_socket_path);
  return std::move(map).finish(std::move(firewall));
}

// Without all of the files, what is missing may stand in the one that could not be read.
enum class Completeness { complete, partial };

Config parse_root(yaml::Map map, Completeness completeness) {
  Config config;
  int version = 0;
  GlobalTls tls;
  map.required("version", version, read_version);
  map.optional("workers", config.workers, read_workers);
  map.optional("user", config.user, yaml::converted(parse_user));
  map.optional("confinement", config.confinement, yaml::one_of(kConfinementNeeds));
  map.optional("zone", config.zone, yaml::converted(parse_name));
  map.optional("drain_timeout", config.drain_timeout, yaml::between(0s, 24h));
  map.optional("admin", config.admin, yaml::object(parse_admin));
  map.optional("log", config.log, yaml::object(parse_log));
  map.optional("tls", tls, yaml::object(parse_global_tls));
  map.optional("overload", config.overload, yaml::object(parse_overload));
  map.optional("dns", config.dns, yaml::object(parse_dns));
  map.optional("abuse", config.abuse, yaml::object(parse_abuse));
  map.optional("limits", config.limit_tables, yaml::object(parse_limit_tables));
  map.optional("certs", config.certs_store, yaml::object(parse_certs));
  map.optional("firewall", config.firewall, yaml::object(parse_firewall));
  config.tls_profile = tls.profile;
  config.tls_key_groups = std::move(tls.key_groups);
  const auto listener = [profile = tls.profile](yaml::Map each) {
    return parse_listener(std::move(each), profile);
  };
  const bool is_missing = completeness == Completeness::complete && !map.has("listeners");
  if (is_missing) map.error("\"listeners\" is missing");
  map.optional("listeners", config.listeners,
               yaml::list_of(yaml::object(listener), 1, kListenersMax));
  map.optional("pools", config.pools, yaml::list_of(yaml::object(parse_pool), 0, kPoolsMax));
  return std::move(map).finish(std::move(config));
}

}  // namespace

ParsedConfig parse_config(const std::string& path, yaml::Loader& loader,
                          base::Diagnostics& diagnostics) {
  ParsedConfig parsed;
  yaml::Tree tree = yaml::load_tree(path, loader, {}, diagnostics);
  if (tree.root.kind == yaml::Kind::map) {
    yaml::Report report{diagnostics, loader.directory(), &parsed.origins};
    parsed.is_complete = tree.is_complete;
    parsed.config = parse_root(yaml::Map(yaml::Value(report, tree.root, "")),
                               tree.is_complete ? Completeness::complete : Completeness::partial);
  }
  parsed.config.path = path;
  parsed.config.files = std::move(tree.files);
  return parsed;
}

ParsedConfig load_config(const std::string& path, yaml::Loader& loader,
                         base::Diagnostics& diagnostics) {
  ParsedConfig parsed = parse_config(path, loader, diagnostics);
  if (parsed.is_complete) validate(parsed.config, parsed.origins, diagnostics);
  return parsed;
}

}  // namespace ravelin::gateway
