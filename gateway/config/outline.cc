#include "gateway/config/outline.h"

#include "base/text.h"
#include "gateway/config/outline_parts.h"
#include "gateway/config/validate_parts.h"
#include "gateway/config/words.h"

namespace ravelin::gateway {
namespace {

using base::format_duration;

void add_names(Outline& log, std::string_view key, const std::vector<std::string>& names) {
  if (names.empty()) return;
  Outline& list = log.list(key);
  for (const std::string& name : names)
    list.text("", name);
}

void add_access_log(Outline& log, const LogConfig& config) {
  add_names(log, "fields", config.fields);
  add_names(log, "fields_without", config.fields_without);
  if (config.sample == AccessSampleConfig{}) return;
  Outline& sample = log.map("sample");
  sample.number("percent", config.sample.percent);
  sample.flag("keep_errors", config.sample.always_errors);
  if (config.sample.slow) sample.word("keep_slower", format_duration(*config.sample.slow));
}

void add_globals(Outline& out, const Config& config) {
  out.number("version", 1);
  if (config.workers == 0) {
    out.word("workers", "auto");
  } else {
    out.number("workers", config.workers);
  }
  if (!config.user.empty()) out.text("user", config.user);
  out.word("confinement", word_of(kConfinementNeeds, config.confinement));
  if (!config.zone.empty()) out.text("zone", config.zone);
  out.word("drain_timeout", format_duration(config.drain_timeout));
  if (!config.admin.socket.empty() || config.admin.listen || !config.admin.overrides.empty()) {
    Outline& admin = out.map("admin");
    if (!config.admin.socket.empty()) admin.text("socket", config.admin.socket);
    if (config.admin.listen) admin.text("listen", base::to_string(*config.admin.listen));
    if (!config.admin.overrides.empty()) admin.text("overrides", config.admin.overrides);
  }
  Outline& log = out.map("log");
  log.word("level", config.log.level);
  log.word("sink", word_of(kLogSinks, config.log.sink));
  if (!config.log.socket.empty()) log.text("socket", config.log.socket);
  if (!config.log.access.empty()) log.text("access", config.log.access);
  add_access_log(log, config.log);
  Outline& tls = out.map("tls");
  tls.word("profile", word_of(kTlsProfiles, config.tls_profile));
  Outline& groups = tls.list("key_groups");
  for (const std::string& group : config.tls_key_groups)
    groups.text("", group);
  add_overload(out, config.overload);
  add_dns(out, config.dns);
  if (config.abuse) add_abuse(out, *config.abuse);
  out.map("limits").number("rate_entries", config.limit_tables.rate_entries);
  if (!config.certs_store.empty()) out.map("certs").text("store", config.certs_store);
  if (config.firewall) add_firewall(out, *config.firewall);
}

}  // namespace

Outline outline(const ParsedConfig& parsed) {
  const Config& config = parsed.config;
  base::Diagnostics nothing;
  const Places places(parsed.origins, nothing);
  Outline root;
  add_globals(root, config);
  Outline& listeners = root.list("listeners");
  for (std::size_t i = 0; i < config.listeners.size(); ++i)
    add_listener(listeners, config.listeners[i], listener_key(i), places);
  Outline& pools = root.list("pools");
  for (const PoolConfig& pool : config.pools)
    add_pool(pools, pool);
  return root;
}

}  // namespace ravelin::gateway
