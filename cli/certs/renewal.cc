#include "cli/certs/renewal.h"

#include "base/io/log.h"
#include "base/io/yaml_include.h"
#include "certs/ca/own_ca.h"
#include "certs/ca/revocation_list.h"
#include "certs/config/parse_certs.h"
#include "certs/rotate/plan.h"
#include "cli/certs/as_owner.h"
#include "gateway/observe/metric_families.h"
#include "gateway/runtime/store_status.h"

#include <unistd.h>

#include <algorithm>
#include <future>
#include <thread>

namespace ravelin::cli {

using base::Errc;
using base::Result;
using gateway::Metric;

namespace {

std::optional<certs::CertsConfig> read(const std::string& path) {
  base::yaml::DiskLoader loader;
  base::Diagnostics diagnostics;
  certs::CertsConfig config = certs::load_certs(path, loader, diagnostics);
  if (diagnostics.has_errors()) return std::nullopt;
  return config;
}

gateway::RenewalStatus status_of(const certs::RenewalState& state) {
  return {state.planned.name,      state.planned.at,    state.planned.why,
          state.failures.in_a_row, state.failures.last, state.failures.why};
}

gateway::RenewalOutlook outlook_of(const certs::Renewer& renewer, const certs::LimitBook& limits) {
  const certs::RenewalSummary summary = renewer.summary(gateway::RenewalOutlook::kNextMax);
  gateway::RenewalOutlook outlook;
  for (const certs::RenewalState& state : summary.next)
    outlook.next.push_back(status_of(state));
  if (summary.last_failure) outlook.last_failure = status_of(*summary.last_failure);
  for (const certs::LimitLeft& limit : limits.left())
    outlook.limits.push_back({limit.issuer, std::string(certs::text_of(limit.by)), limit.what,
                              limit.left, limit.most, limit.is_assumed});
  return outlook;
}

}  // namespace

Result<std::unique_ptr<CertsRenewal>> CertsRenewal::open(const std::string& path) {
  auto config = read(path);
  // What is wrong in the file, whoever reads it for serving says.
  if (!config) return std::unique_ptr<CertsRenewal>();
  const auto owner = AsOwner::of(config->store);
  if (!owner) return owner.error();
  auto store = config->names.empty() ? certs::StoreDir::open(config->store)
                                     : certs::StoreDir::make(config->store);
  if (!store && config->names.empty()) return std::unique_ptr<CertsRenewal>();
  if (!store) return base::wrap(store.error(), "certs.store");
  std::unique_ptr<CertsRenewal> made(new CertsRenewal(path, std::move(*config), std::move(*store)));
  made->make_issuers();
  made->make_placeholders();
  return made;
}

void CertsRenewal::make_issuers() {
  issuers_ = std::make_unique<certs::IssuerSet>(
      config_.issuers, store_.paths(),
      [this](const certs::Challenge& challenge) { return await_challenge(challenge); });
}

void CertsRenewal::make_placeholders() {
  const bool has_ca = ::access((store_.paths().root() + "/ca/ca.json").c_str(), F_OK) == 0;
  for (const certs::CertificateConfig& wanted : config_.names) {
    const auto state = store_.state(wanted.name);
    if (state && state->current != 0) continue;
    if (!has_ca) {
      base::log_warn("certs", "there is nothing to show for a name yet, and no own CA to stand in",
                     {{"name", wanted.name}, {"see", "ravelin certs ca init"}});
      continue;
    }
    certs::Want want = certs::want_of(wanted);
    want.profile.clear();  // it is of another CA
    want.pins_key = false;
    const certs::RotationParts parts{
        .store = store_, .find_issuer = [this](const auto& name) { return issuers_->find(name); }};
    certs::RotationRequest request{wanted.name, std::move(want), std::string(certs::kPlaceholder),
                                   "start-up"};
    request.issuers = {"local"};
    const auto made = certs::rotate_certificate(parts, request, {});
    if (made)
      base::log_warn("certs", "a placeholder of the own CA is shown until an issuer has signed",
                     {{"name", wanted.name}});
    else
      base::log_error("certs", "there is nothing to show for a name yet: its clients are refused",
                      {{"name", wanted.name}, {"placeholder", made.error().error.message}});
  }
}

// Its issuing certificate and its revocation list are kept fresh, whether anything is signed or
// not.
void CertsRenewal::tend_own_ca() {
  const std::string folder = store_.paths().root() + "/ca";
  if (::access(folder.c_str(), F_OK) != 0) return;
  std::string trouble;
  if (auto held = certs::hold_ca(folder); !held)
    trouble = held.error().message;
  else if (auto tended = certs::tend(held->ca, base::wall_now()); !tended)
    trouble = tended.error().message;
  if (trouble != ca_trouble_ && !trouble.empty())
    base::log_error("certs", "the own CA cannot be kept fresh", {{"error", trouble}});
  ca_trouble_ = trouble;
}

void CertsRenewal::read_configuration() {
  auto config = read(path_);
  if (!config) return;
  if (config->store != config_.store)
    base::log_warn("certs", "another store is renewed after a restart only",
                   {{"store", config->store}});
  {
    const std::lock_guard guard(mutex_);
    next_ = std::move(config);
  }
  renewer_->wake();
}

Result<> CertsRenewal::await_challenge(const certs::Challenge& challenge) {
  constexpr int kTurns = 500;
  constexpr std::chrono::milliseconds kPause{20};
  for (int i = 0; i < kTurns; ++i, std::this_thread::sleep_for(kPause)) {
    if (gateway_ == nullptr) break;
    // The control thread knows; it may also be about to end.
    auto asked = std::make_shared<std::promise<bool>>();
    std::future<bool> answer = asked->get_future();
    gateway_->reactor().post([this, asked, token = challenge.token] {
      const auto status = gateway::challenge_status(*gateway_, token);
      asked->set_value(status && status->workers == status->workers_answering);
    });
    constexpr std::chrono::seconds kAnswerMax{2};
    if (answer.wait_for(kAnswerMax) == std::future_status::ready && answer.get()) return {};
  }
  return base::fail(Errc::unavailable, "the gateway does not answer the challenge for {}",
                    challenge.name);
}

void CertsRenewal::start(gateway::Gateway& gateway) {
  gateway_ = &gateway;
  certs::RenewerOptions options;
  options.look_every = config_.look_every;
  options.changed = [this]() -> std::optional<std::vector<certs::CertificateConfig>> {
    tend_own_ca();
    const std::lock_guard guard(mutex_);
    if (!next_) return std::nullopt;
    config_ = std::move(*next_);
    next_.reset();
    make_issuers();
    return config_.names;
  };
  options.upkeep = [this](const std::stop_token& stop) {
    upkeep_.tend(stop);
    limits_.tend(config_.issuers, std::chrono::floor<std::chrono::seconds>(base::wall_now()), stop);
  };
  renewer_ = std::make_unique<certs::Renewer>(
      certs::RotationParts{
          .store = store_,
          .find_issuer = [this](const std::string& name) { return issuers_->find(name); }},
      config_.names, std::move(options));
  gateway.metrics().add_collector([this](gateway::MetricSamples& samples) {
    if (swaps_ != nullptr) swaps_->collect(samples);
    if (renewer_ == nullptr) return;
    for (const certs::RenewalState& state : renewer_->states()) {
      samples.set(gateway::index(Metric::certificate_renew_at), {state.planned.name},
                  static_cast<double>(state.planned.at.time_since_epoch().count()));
      samples.set(gateway::index(Metric::certificate_renewal_failures), {state.planned.name},
                  state.failures.in_a_row);
    }
    for (const certs::LimitLeft& limit : limits_.left())
      samples.set(gateway::index(Metric::ca_limit_left), {limit.issuer, certs::text_of(limit.by)},
                  static_cast<double>(limit.left));
  });
  gateway.describe_renewals([this] {
    return renewer_ == nullptr ? gateway::RenewalOutlook{} : outlook_of(*renewer_, limits_);
  });
  gateway.on_reloaded([this] { read_configuration(); });
  renewer_->start();
  swaps_ = std::make_unique<SwapWatch>(
      gateway,
      certs::RotationParts{
          .store = store_,
          .find_issuer = [](const std::string&) -> certs::Issuer* { return nullptr; }},
      config_.watch_after_swap);
}

void CertsRenewal::stop() {
  swaps_.reset();
  renewer_.reset();
  gateway_ = nullptr;
}

}  // namespace ravelin::cli
