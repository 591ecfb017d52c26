#include "certs/rotate/renewer.h"

#include "base/io/log.h"
#include "base/utc.h"
#include "certs/store/canary_file.h"

#include <algorithm>
#include <set>

namespace ravelin::certs {

using base::Errc;

namespace {

constexpr std::string_view kScheduler = "scheduler";

}  // namespace

Renewer::Renewer(RotationParts parts, std::vector<CertificateConfig> wanted, RenewerOptions options)
    : parts_(std::move(parts)), options_(std::move(options)), wanted_(std::move(wanted)) {}

Renewer::~Renewer() = default;

void Renewer::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Renewer::wake() {
  {
    const std::lock_guard guard(mutex_);
    has_news_ = true;
  }
  wake_.notify_all();
}

std::vector<RenewalState> Renewer::states() const {
  const std::lock_guard guard(mutex_);
  return states_;
}

std::optional<RenewalWindow> Renewer::window_of(const std::string& name, const Want& want,
                                                const GenerationInfo& served,
                                                const std::stop_token& stop) {
  const std::uint64_t number = served.number;
  Window& known = windows_[name];
  if (known.generation == number && parts_.now() < known.ask_again) return known.window;
  constexpr std::chrono::hours kAskAgain{6};
  known = {number, known.generation == number ? known.window : std::nullopt,
           parts_.now() + kAskAgain};
  const bool is_known = std::ranges::find(want.issuers, served.issuer) != want.issuers.end();
  Issuer* issuer = is_known ? parts_.find_issuer(served.issuer) : nullptr;
  if (issuer == nullptr) return known.window;
  const auto generation = parts_.store.generation(name, number);
  if (!generation) return known.window;
  const auto& texts = generation->ec ? generation->ec : generation->rsa;
  auto window = issuer->renewal_window(texts->chain, stop);
  if (!window) {
    base::log_info("certs", "the CA does not say when to renew",
                   {{"name", name}, {"error", window.error().message}});
    return known.window;
  }
  known.window = *window;
  if (*window) known.ask_again = parts_.now() + (*window)->ask_again;
  return known.window;
}

HeldState Renewer::held_state(const std::string& name, Want want, const RevokedKeys& revoked,
                              const std::stop_token& stop) {
  HeldState held{.name = name, .want = std::move(want)};
  held.failures = failures_in(parts_.store.history(name));
  const auto state = parts_.store.state(name);
  if (!state || state->current == 0) return held;
  auto info = parts_.store.info(name, state->current);
  if (!info) return held;
  held.is_revoked = has_revoked_key(*info, revoked);
  held.served = std::move(*info);
  held.window = window_of(name, held.want, *held.served, stop);
  return held;
}

// What the configuration wants, and what else the store knows how to renew.
std::vector<HeldState> Renewer::held(const std::stop_token& stop) {
  const auto revoked = parts_.store.revoked_keys();
  const auto names = parts_.store.names();
  if (!revoked || !names) {
    base::log_error("certs", "the store cannot be read: nothing is renewed",
                    {{"error", (!revoked ? revoked.error() : names.error()).message}});
    return {};
  }
  std::vector<HeldState> all;
  std::set<std::string> seen;
  for (const CertificateConfig& config : wanted_) {
    if (stop.stop_requested()) return all;
    all.push_back(held_state(config.name, want_of(config), *revoked, stop));
    seen.insert(config.name);
  }
  for (const std::string& name : *names) {
    if (stop.stop_requested()) return all;
    if (seen.contains(name)) continue;
    auto want = parts_.store.want(name);
    if (want && !want->issuers.empty())
      all.push_back(held_state(name, std::move(*want), *revoked, stop));
  }
  return all;
}

bool Renewer::renew(const HeldState& state, const PlannedRenewal& renewal,
                    const std::stop_token& stop) {
  // Another generation is on its way already; only where little time is left it gives way.
  if (!renewal.is_emergency && find_canary(parts_.store, state.name)) return false;
  const std::string reason = state.served ? "renewal" : "issue";
  base::log_info("certs", "a certificate is due",
                 {{"name", state.name},
                  {"why", renewal.why},
                  {"issuers", fmt::format("{}", fmt::join(state.want.issuers, ", "))}});
  RotationRequest request{state.name, state.want, reason, std::string(kScheduler)};
  request.issuers = issuers_to_try(state.want, renewal, state.failures);
  const auto done = rotate_certificate(parts_, request, stop);
  if (done) {
    base::log_info("certs", "a certificate was renewed",
                   {{"name", state.name},
                    {"generation", done->info.number},
                    {"issuer", done->info.issuer},
                    {"not_after", base::utc_text(done->info.not_after())}});
    return true;
  }
  const base::Error& error = done.error().error;
  // Another process is at it: we follow.
  if (error.code == Errc::conflict) {
    base::log_info("certs", "another process renews it",
                   {{"name", state.name}, {"error", error.message}});
    return false;
  }
  base::log_error(
      "certs", "a certificate was not renewed; what is served stays",
      {{"name", state.name},
       {"error", error.message},
       {"ends", state.served ? base::utc_text(state.served->not_after()) : "nothing is served"}});
  return false;
}

std::size_t Renewer::look(const std::stop_token& stop) {
  if (options_.changed)
    if (auto wanted = options_.changed(); wanted) wanted_ = std::move(*wanted);
  const auto now = std::chrono::floor<seconds>(parts_.now());
  const std::vector<HeldState> all = held(stop);
  const std::vector<PlannedRenewal> planned = plan_renewals(all, now);
  std::vector<RenewalState> states;
  std::size_t renewed = 0;
  std::size_t tried = 0;
  for (const PlannedRenewal& renewal : planned) {
    const auto state = std::ranges::find(all, renewal.name, &HeldState::name);
    states.push_back({renewal, state->failures});
    if (stop.stop_requested() || !renewal.is_due(now) || tried == options_.renewals_per_look)
      continue;
    ++tried;
    renewed += renew(*state, renewal, stop) ? 1 : 0;
  }
  const std::lock_guard guard(mutex_);
  states_ = std::move(states);
  return renewed;
}

void Renewer::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    look(stop);
    std::unique_lock guard(mutex_);
    wake_.wait_for(guard, stop, options_.look_every, [this] { return has_news_; });
    has_news_ = false;
  }
}

}  // namespace ravelin::certs
