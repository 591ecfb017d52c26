#include "gateway/runtime/client_crls.h"

#include "base/io/log.h"
#include "certs/file.h"
#include "gateway/config/words.h"

#include <algorithm>
#include <chrono>

namespace ravelin::gateway {
namespace {

using base::Result;

// Below the store, where none is configured.
constexpr std::string_view kCacheName = "/crls";

certs::CrlTiming timing_of(const ClientAuthConfig& auth) {
  certs::CrlTiming timing;
  timing.refresh = auth.crl_refresh;
  timing.first_retry = std::min(timing.first_retry, timing.refresh);
  return timing;
}

std::string_view consequence(ExpiredCrl policy) {
  return policy == ExpiredCrl::refuse
             ? "its clients are refused"
             : "its clients are accepted, revoked or not (crl_expired: accept)";
}

}  // namespace

std::string crl_cache_of(const ClientAuthConfig& auth, const Config& config) {
  if (!std::ranges::any_of(auth.crls, is_crl_url)) return {};
  if (!auth.crl_cache.empty() || config.certs_store.empty()) return auth.crl_cache;
  return config.certs_store + std::string(kCacheName);
}

Result<std::shared_ptr<certs::CrlSource>> ClientCrls::source_of(const std::string& url,
                                                                const ListenerConfig& listener,
                                                                const Config& config,
                                                                const Next& next) const {
  const ClientAuthConfig& auth = listener.tls->client_auth;
  auto pem = certs::read_pem_file(auth.ca);
  if (!pem) return pem.error();
  const certs::CrlSource::Options options{.url = url,
                                          .ca_name = auth.ca,
                                          .ca_pem = std::move(*pem),
                                          .cache = crl_cache_of(auth, config),
                                          .timing = timing_of(auth)};
  std::vector<certs::HeldCrlPtr> known;
  for (const Next* all : {&next, &sources_}) {
    for (const auto& [name, sources] : *all) {
      for (const auto& source : sources) {
        if (source->options() == options) return source;
        const auto held = source->state().held;
        known.insert(known.end(), held.begin(), held.end());
      }
    }
  }
  return certs::CrlSource::open(options, known);
}

Result<ClientCrls::Next> ClientCrls::prepare(const Config& config) const {
  Next next;
  for (const ListenerConfig& listener : config.listeners) {
    if (!listener.tls || listener.tls->client_auth.mode == ClientAuthMode::none) continue;
    for (const std::string& place : listener.tls->client_auth.crls) {
      if (!is_crl_url(place)) continue;
      auto source = source_of(place, listener, config, next);
      if (!source)
        return base::wrap(source.error(),
                          fmt::format("listener \"{}\": client_auth.crl", listener.name));
      next[listener.name].push_back(std::move(*source));
    }
  }
  return next;
}

void ClientCrls::adopt(Next next) {
  const Sources before = all();
  sources_ = std::move(next);
  const Sources now = all();
  for (const auto& source : before) {
    if (std::ranges::find(now, source) != now.end()) continue;
    source->stop();
    retired_.push_back(source);
  }
  std::erase_if(said_, [this](const auto& said) {
    return std::ranges::none_of(all(), [&](const auto& each) { return each.get() == said.first; });
  });
  const auto is_gone = [this](const auto& told) { return !sources_.contains(told.first); };
  std::erase_if(without_, is_gone);
}

void ClientCrls::start() {
  for (const auto& source : all())
    source->start();
  std::erase_if(retired_, [](const auto& source) { return source->has_ended(); });
}

std::vector<certs::HeldCrlPtr> ClientCrls::held_of(const Next& sources,
                                                   const std::string& listener) {
  std::vector<certs::HeldCrlPtr> held;
  const auto found = sources.find(listener);
  if (found == sources.end()) return held;
  for (const auto& source : found->second)
    held = certs::newest_of(held, source->state().held);
  return held;
}

ClientCrls::Sources ClientCrls::all() const {
  Sources all;
  for (const auto& [listener, sources] : sources_)
    for (const auto& source : sources)
      if (std::ranges::find(all, source) == all.end()) all.push_back(source);
  return all;
}

void ClientCrls::report_fetches() {
  for (const auto& source : all()) {
    const certs::CrlSource::State state = source->state();
    Said& said = said_[source.get()];
    if (state.attempts == said.attempts) continue;
    said.attempts = state.attempts;
    if (state.why == said.why) continue;
    const std::string& url = source->options().url;
    if (state.why.empty()) {
      base::log_info("tls", "the CRL of clients is fetched again", {{"url", url}});
    } else {
      base::log_warn("tls",
                     certs::is_good(state.last) ? "the CRL of clients could not be kept on the disk"
                                                : "the CRL of clients was not got",
                     {{"url", url}, {"result", to_string(state.last)}, {"error", state.why}});
    }
    said.why = state.why;
  }
}

bool ClientCrls::report_ends(const std::string& listener, const TlsContext& context,
                             base::WallTime now) {
  const std::string_view then = consequence(context.policy().crl_expired);
  const ClientTrust& trust = context.client_trust();
  bool has_ended = false;
  std::set<std::string> ended;
  for (const certs::HeldCrlPtr& list : trust.crls) {
    if (!certs::is_over(list->facts, now)) continue;
    ended.insert(list->facts.sha256);
    if (ended_[listener].contains(list->facts.sha256)) continue;
    has_ended = true;
    base::log_warn("tls", "a CRL of clients has expired",
                   {{"listener", listener},
                    {"issuer", list->facts.issuer},
                    {"expired", certs::format_time(*list->facts.next_update)},
                    {"from", list->place},
                    {"then", then}});
  }
  std::set<std::string> without;
  for (const certs::CrlAuthority* ca : trust.without_list()) {
    without.insert(ca->id);
    if (without_[listener].contains(ca->id)) continue;
    base::log_warn("tls", "no CRL of a CA of clients is there yet",
                   {{"listener", listener}, {"issuer", ca->subject}, {"then", then}});
  }
  ended_[listener] = std::move(ended);
  without_[listener] = std::move(without);
  return has_ended;
}

}  // namespace ravelin::gateway
