#include "gateway/admin/admin_json.h"

#include "base/utc.h"

#include <boost/json.hpp>

#include <array>
#include <chrono>
#include <cmath>

namespace ravelin::gateway {
namespace {

namespace json = boost::json;

std::string time_text(base::WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
  std::array<char, base::kUtcSecondsLength> text{};
  base::write_utc_seconds(seconds, text);
  return std::string(text.data(), text.size()) + "Z";
}

json::array strings(const std::vector<std::string>& texts) {
  json::array all;
  for (const std::string& text : texts)
    all.emplace_back(text);
  return all;
}

std::int64_t percent(double factor) {
  return std::lround(factor * 100);
}

json::object server_object(const ServerStatus& server) {
  return {{"server", server.server},
          {"address", server.address},
          {"state", server.state},
          {"reason", server.reason},
          {"weight", server.weight},
          {"configured_weight", server.configured_weight},
          {"effective_weight_percent", server.effective_weight},
          {"load_percent", percent(server.weight_parts.load)},
          {"reported_percent", percent(server.weight_parts.reported)},
          {"slow_start_percent", percent(server.weight_parts.warmth)},
          {"in_flight", server.in_flight},
          {"backup", server.is_backup},
          {"priority", server.priority},
          {"zone", server.zone},
          {"source", to_string(server.source)},
          {"changed", time_text(server.changed)}};
}

json::array pool_array(const std::vector<PoolStatus>& pools) {
  json::array all;
  for (const PoolStatus& pool : pools) {
    json::array servers;
    for (const ServerStatus& server : pool.servers)
      servers.push_back(server_object(server));
    json::array sources;
    for (const SourceStatus& source : pool.sources)
      sources.push_back({{"source", source.source}, {"status", source.text}});
    all.push_back({{"pool", pool.name},
                   {"sources", std::move(sources)},
                   {"balance", pool.balance},
                   {"queued", pool.queued},
                   {"panic", pool.panics},
                   {"servers", std::move(servers)}});
  }
  return all;
}

json::array listener_array(const std::vector<ListenerStatus>& listeners) {
  json::array all;
  for (const ListenerStatus& listener : listeners) {
    all.push_back({{"listener", listener.name},
                   {"addresses", strings(listener.addresses)},
                   {"tls", listener.is_tls}});
  }
  return all;
}

json::array worker_array(const std::vector<WorkerStatus>& workers) {
  json::array all;
  for (const WorkerStatus& worker : workers) {
    all.push_back({{"worker", worker.index},
                   {"generation", worker.generation},
                   {"connections", worker.connections},
                   {"store_revision", worker.store_revision}});
  }
  return all;
}

json::array certificate_array(const std::vector<CertificateStatus>& certificates) {
  json::array all;
  for (const CertificateStatus& certificate : certificates) {
    all.push_back({{"listener", certificate.listener},
                   {"names", strings(certificate.names)},
                   {"file", certificate.file},
                   {"serial", certificate.serial},
                   {"not_after", time_text(certificate.not_after)}});
  }
  return all;
}

json::array client_crl_array(const std::vector<ClientCrlStatus>& lists) {
  json::array all;
  for (const ClientCrlStatus& list : lists) {
    json::object out{{"listener", list.listener}, {"issuer", list.issuer}, {"state", list.state}};
    if (list.state != "missing") {
      out["from"] = list.from;
      out["number"] = list.number;
      out["revoked"] = list.revoked;
      out["this_update"] = time_text(list.this_update);
      out["next_update"] = time_text(list.next_update);
    }
    all.push_back(std::move(out));
  }
  return all;
}

json::array crl_source_array(const std::vector<CrlSourceStatus>& sources) {
  json::array all;
  for (const CrlSourceStatus& source : sources) {
    json::object out{{"url", source.url},
                     {"last", source.last},
                     {"last_at", time_text(source.last_at)},
                     {"next_at", time_text(source.next_at)},
                     {"failures", source.failures},
                     {"error", source.error}};
    if (source.good_at != base::WallTime()) out["good_at"] = time_text(source.good_at);
    all.push_back(std::move(out));
  }
  return all;
}

json::object renewal_object(const RenewalStatus& renewal) {
  json::object out{{"name", renewal.name},
                   {"at", time_text(renewal.at)},
                   {"why", renewal.why},
                   {"failures", renewal.failures}};
  if (renewal.failures == 0) return out;
  out["failed"] = time_text(renewal.failed);
  out["error"] = renewal.error;
  return out;
}

json::object store_object(const GatewayStatus& status) {
  const StoreStatus& store = status.store;
  json::array refused;
  for (const auto& [name, why] : store.refused)
    refused.push_back({{"name", name}, {"reason", why}});
  json::array soonest;
  for (const StoredExpiry& expiry : store.soonest)
    soonest.push_back({{"name", expiry.name},
                       {"generation", expiry.generation},
                       {"not_after", time_text(expiry.not_after)}});
  json::array next;
  for (const RenewalStatus& renewal : store.renewals.next)
    next.push_back(renewal_object(renewal));
  json::object out{{"path", store.path},
                   {"certificates", store.certificates},
                   {"revision", store.revision},
                   {"workers", status.workers.size()},
                   {"workers_serving", store.workers_serving},
                   {"trouble", store.trouble},
                   {"refused", std::move(refused)},
                   {"soonest", std::move(soonest)},
                   {"next_renewals", std::move(next)}};
  if (store.renewals.last_failure)
    out["last_failure"] = renewal_object(*store.renewals.last_failure);
  json::array limits;
  for (const CaLimitStatus& limit : store.renewals.limits)
    limits.push_back({{"issuer", limit.issuer},
                      {"limit", limit.limit},
                      {"what", limit.what},
                      {"left", limit.left},
                      {"most", limit.most},
                      {"assumed", limit.is_assumed}});
  out["limits"] = std::move(limits);
  if (store.ticket_key_made) out["ticket_key_made"] = time_text(*store.ticket_key_made);
  return out;
}

json::array process_array(const std::vector<ProcessStatus>& processes) {
  json::array all;
  for (const ProcessStatus& process : processes)
    all.push_back({{"role", process.role},
                   {"pid", process.pid},
                   {"up_seconds", process.up_seconds},
                   {"starts", process.starts},
                   {"condition", process.condition},
                   {"confinement", process.confinement},
                   {"may_do", json::array(process.may_do.begin(), process.may_do.end())},
                   {"last_end", process.last_end}});
  return all;
}

}  // namespace

std::string stored_certificate_json(const StoredCertificateStatus& certificate) {
  json::array shown_at;
  for (const ShownAt& place : certificate.shown_at)
    shown_at.push_back({{"listener", place.listener},
                        {"address", place.address},
                        {"tls_1_2", place.is_tls_1_2},
                        {"tls_1_3", place.is_tls_1_3}});
  json::object out{{"name", certificate.name},
                   {"generation", certificate.generation},
                   {"not_after", time_text(certificate.not_after)},
                   {"workers", certificate.workers},
                   {"workers_serving", certificate.workers_serving},
                   {"shown_at", std::move(shown_at)}};
  if (const auto& swap = certificate.swap; swap)
    out["swap"] = json::object{{"before", swap->before},
                               {"seconds", swap->seconds},
                               {"accepted", swap->accepted},
                               {"accepted_before", swap->accepted_before},
                               {"refusing_clients", swap->refusing}};
  if (const auto& canary = certificate.canary; canary)
    out["canary"] =
        json::object{{"generation", canary->generation},  {"share", canary->share},
                     {"since", time_text(canary->since)}, {"lasts_seconds", canary->lasts_s},
                     {"accepted", canary->accepted},      {"refusing_clients", canary->refusing}};
  return json::serialize(out) + "\n";
}

std::string challenge_json(const ChallengeStatus& challenge) {
  const json::object out{{"token", challenge.token},
                         {"workers", challenge.workers},
                         {"workers_answering", challenge.workers_answering}};
  return json::serialize(out) + "\n";
}

std::string status_json(const GatewayStatus& status) {
  json::object out;
  out["version"] = status.version;
  out["pid"] = status.pid;
  out["config"] = status.config;
  out["time"] = time_text(status.now);
  out["started"] = time_text(status.started);
  out["generation"] = status.generation;
  out["ready"] = status.readiness.is_ready;
  out["reason"] = status.readiness.reason;
  out["requests_in_flight"] = status.requests_in_flight;
  out["listeners"] = listener_array(status.listeners);
  out["workers"] = worker_array(status.workers);
  out["pools"] = pool_array(status.pools);
  out["certificates"] = certificate_array(status.certificates);
  out["client_crls"] = client_crl_array(status.client_crls);
  out["crl_sources"] = crl_source_array(status.crl_sources);
  out["store"] = store_object(status);
  out["processes"] = process_array(status.processes.all);
  if (const auto& upgrade = status.processes.last_upgrade; upgrade)
    out["last_upgrade"] = {{"state", upgrade->condition},
                           {"seconds_ago", upgrade->seconds_ago},
                           {"error", upgrade->error}};
  json::object percent;
  for (const auto& [resource, value] : status.overload.percent)
    percent[resource] = value;
  out["overload"] = {{"actions", strings(status.overload.actions)},
                     {"percent", std::move(percent)}};
  out["limits"] = {{"rate_entries", status.limits.rate_entries},
                   {"rate_entries_max", status.limits.rate_entries_max}};
  out["abuse"] = {{"watched", status.limits.abuse_watched}, {"banned", status.limits.abuse_banned}};
  out["last_reload"] = {{"ok", status.reload.is_ok},
                        {"time", time_text(status.reload.time)},
                        {"error", status.reload.error}};
  return json::serialize(out) + "\n";
}

std::string pools_json(const std::vector<PoolStatus>& pools) {
  return json::serialize(json::object{{"pools", pool_array(pools)}}) + "\n";
}

std::string abuse_json(const std::vector<AbusiveClient>& clients) {
  json::array all;
  for (const AbusiveClient& client : clients) {
    all.push_back({{"client", client.client},
                   {"points", client.points},
                   {"banned_for_s", client.banned_for_s}});
  }
  return json::serialize(json::object{{"clients", std::move(all)}}) + "\n";
}

std::string why_json(const BanExplanation& explanation) {
  json::object out{{"subject", explanation.subject}, {"watching", explanation.is_watching}};
  if (const auto& standing = explanation.standing) {
    json::object counted;
    for (const auto& [trigger, count] : standing->counted)
      counted[trigger] = count;
    out["client"] = {{"client", base::to_string(standing->client.prefix)},
                     {"points", standing->client.points},
                     {"banned_for_s", standing->client.banned_for.count()},
                     {"offences", standing->offences},
                     {"never", standing->is_exempt},
                     {"counted", std::move(counted)}};
  }
  json::array bans;
  for (const BanRecord& ban : explanation.bans) {
    bans.push_back({{"client", base::to_string(ban.client)},
                    {"time", time_text(ban.at)},
                    {"for_s", ban.duration.count()},
                    {"reason", ban.reason},
                    {"rule", ban.rule},
                    {"request", ban.request_id},
                    {"listener", ban.listener},
                    {"offence", ban.offence},
                    {"generation", ban.generation},
                    {"proxied", ban.is_proxied},
                    {"kernel", to_string(ban.kernel)},
                    {"kernel_text", ban.kernel_text}});
  }
  out["bans"] = std::move(bans);
  out["firewall"] = {{"socket", explanation.agent_socket},
                     {"connected", explanation.agent_connected},
                     {"trouble", explanation.agent_trouble}};
  return json::serialize(out) + "\n";
}

std::string overrides_json(const std::vector<OverrideRow>& rows) {
  json::array all;
  for (const OverrideRow& row : rows) {
    all.push_back({{"pool", row.pool},
                   {"server", row.server},
                   {"order", row.what},
                   {"since", row.since},
                   {"saved", row.saved},
                   {"effect", !row.is_idle}});
  }
  return json::serialize(json::object{{"overrides", std::move(all)}}) + "\n";
}

std::string readiness_json(const Readiness& readiness) {
  return json::serialize(
             json::object{{"ready", readiness.is_ready}, {"reason", readiness.reason}}) +
         "\n";
}

}  // namespace ravelin::gateway
