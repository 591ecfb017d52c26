#include "cli/certs/desk.h"

#include "base/io/yaml_include.h"
#include "certs/config/parse_certs.h"
#include "certs/rotate/plan.h"
#include "certs/rotate/take_back.h"
#include "certs/store/canary_file.h"
#include "cli/admin_client.h"
#include "cli/report.h"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <thread>

namespace ravelin::cli {
namespace {

using base::Errc;
using base::Result;

// How long a gateway is waited for: ten seconds.
constexpr int kTurns = 200;
constexpr std::chrono::milliseconds kPause{50};

// Without a configuration there is the own CA alone, as "local".
certs::CertsConfig default_config(const std::string& store) {
  certs::CertsConfig config;
  config.store = store;
  config.issuers.push_back({.name = "local"});
  return config;
}

std::optional<certs::CertsConfig> read_config(const CertsFlags& flags) {
  if (flags.config.empty())
    return default_config(flags.store.empty() ? kDefaultCertsStore : flags.store);
  base::yaml::DiskLoader loader;
  base::Diagnostics diagnostics;
  certs::CertsConfig config = certs::load_certs(flags.config, loader, diagnostics);
  print_error(findings_text(diagnostics));
  if (diagnostics.has_errors()) return std::nullopt;
  return config;
}

// A name in the path of an URL: what may not stand there is escaped.
std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name)
    text += c == '*' || c == ':' ? fmt::format("%{:02X}", static_cast<unsigned char>(c))
                                 : std::string(1, c);
  return text;
}

std::vector<certs::ProbePlace> places_of(const boost::json::value& status) {
  std::vector<certs::ProbePlace> places;
  for (const boost::json::value& place : list_at(status, "shown_at"))
    places.push_back(
        {text_at(place, "address"), flag_at(place, "tls_1_2"), flag_at(place, "tls_1_3")});
  return places;
}

bool shows(const boost::json::value& status, const CertsDesk::Expected& expected) {
  const boost::json::object* canary = nullptr;
  if (const auto* found = status.is_object() ? status.get_object().if_contains("canary") : nullptr;
      found != nullptr)
    canary = found->if_object();
  if (expected.share == 0)
    return number_at(status, "generation") == static_cast<std::int64_t>(expected.generation) &&
           !(expected.no_canary && canary != nullptr);
  if (canary == nullptr) return false;
  const auto* share = canary->if_contains("share");
  const double wanted = static_cast<double>(expected.share) / certs::kWholeShare;
  constexpr double kNoise = 1e-9;
  return number_at(*canary, "generation") == static_cast<std::int64_t>(expected.generation) &&
         share != nullptr && share->is_number() &&
         std::abs(share->to_number<double>() - wanted) < kNoise;
}

// The gateway's watch may be quicker than we are.
bool is_gone_again(const certs::StoreDir& store, const std::string& name,
                   const CertsDesk::Expected& expected) {
  const auto state = store.state(name);
  return expected.share == 0 && state && state->current != expected.generation &&
         certs::was_taken_back(store.history(name), expected.generation);
}

}  // namespace

boost::system::result<std::unique_ptr<CertsDesk>, ExitCode> CertsDesk::open(const CertsFlags& flags,
                                                                            Need need) {
  // A listener that is probed may close while OpenSSL still writes.
  std::signal(SIGPIPE, SIG_IGN);
  auto config = read_config(flags);
  if (!config) return ExitCode::refused;
  auto owner = AsOwner::of(config->store);
  if (!owner) return report(owner.error());
  auto store = need == Need::change ? certs::StoreDir::make(config->store)
                                    : certs::StoreDir::open(config->store);
  if (!store) return report(store.error());
  Parts parts{std::move(*owner), std::move(*store), std::move(*config), flags};
  return std::unique_ptr<CertsDesk>(new CertsDesk(std::move(parts)));
}

CertsDesk::CertsDesk(Parts parts)
    : owner_(std::move(parts.owner)),
      store_(std::move(parts.store)),
      config_(std::move(parts.config)),
      flags_(std::move(parts.flags)),
      issuers_(config_.issuers, store_.paths(),
               [this](const certs::Challenge& challenge) { return await_challenge(challenge); }) {}

certs::RotationParts CertsDesk::parts() {
  certs::RotationParts parts{.store = store_, .find_issuer = [this](const std::string& name) {
                               return issuers_.find(name);
                             }};
  if (flags_.form == OutputForm::text)
    parts.progress = [](const std::string& step) { print(step + "\n"); };
  return parts;
}

Result<certs::Want> CertsDesk::want(const std::string& name) const {
  const auto found = std::ranges::find(config_.names, name, &certs::CertificateConfig::name);
  if (found == config_.names.end()) {
    if (auto state = store_.state(name); !state) return state.error();
    return store_.want(name);
  }
  return certs::want_of(*found);
}

Result<> CertsDesk::await_challenge(const certs::Challenge& challenge) const {
  if (flags_.config.empty())
    return base::fail(Errc::unavailable,
                      "{} has to be answered by a running gateway: give -c FILE instead of --store",
                      certs::text_of(challenge.type));
  AdminFlags admin;
  admin.config = flags_.config;
  std::string last;
  for (int i = 0; i < kTurns; ++i, std::this_thread::sleep_for(kPause)) {
    const auto answer = ask_gateway(admin, "GET", "/v1/challenges/" + challenge.token);
    if (answer &&
        number_at(answer->json, "workers_answering") == number_at(answer->json, "workers"))
      return {};
    last = answer ? "not every worker has it" : answer.error().message;
  }
  return base::fail(Errc::unavailable, "the gateway does not answer the challenge for {}: {}",
                    challenge.name, last);
}

Result<CertsDesk::GatewayWord> CertsDesk::await_gateway(const std::string& name,
                                                        const Expected& expected) const {
  if (flags_.config.empty())
    return GatewayWord{"published in the store; gateways that use it follow by themselves\n"};
  AdminFlags admin;
  admin.config = flags_.config;
  std::string last;
  for (int i = 0; i < kTurns; ++i, std::this_thread::sleep_for(kPause)) {
    const auto answer = ask_gateway(admin, "GET", "/v1/certificates/" + escaped(name));
    if (!answer) {
      last = answer.error().message;
      // Nobody is there, or it has not come to this certificate yet.
      if (answer.error().code == ExitCode::could_not && i == 0)
        return GatewayWord{"published in the store; no gateway answered (" + last + ")\n"};
      continue;
    }
    const std::int64_t workers = number_at(answer->json, "workers");
    const std::int64_t serving = number_at(answer->json, "workers_serving");
    if (shows(answer->json, expected) && serving == workers)
      return GatewayWord{fmt::format("served by {}/{} workers\n", serving, workers),
                         places_of(answer->json)};
    if (is_gone_again(store_, name, expected))
      return base::fail(Errc::conflict, "generation {} was taken back: see ravelin certs show {}",
                        expected.generation, name);
    last = fmt::format("generation {} is served by {} of {} workers",
                       number_at(answer->json, "generation"), serving, workers);
  }
  return base::fail(Errc::timeout, "published, but the gateway does not serve it after 10 s: {}",
                    last);
}

}  // namespace ravelin::cli
