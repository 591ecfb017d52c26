#include "system/renewal/unattended.h"

#include "base/io/log.h"
#include "certs/ca/own_ca.h"
#include "certs/ca/revocation_list.h"
#include "certs/rotate/plan.h"
#include "messages/fitted_text.h"

#include <unistd.h>

#include <algorithm>
#include <limits>

namespace ravelin::system {

using base::Result;
using messages::fitted;
using messages::kTextBytes;

namespace {

// Unix time as a message has it.
std::chrono::seconds time_of(certs::sys_seconds at) {
  constexpr std::chrono::seconds kMost{std::numeric_limits<std::uint32_t>::max()};
  return std::clamp(at.time_since_epoch(), std::chrono::seconds(0), kMost);
}

messages::RenewalNote note_of(const certs::RenewalState& state) {
  return {.name = state.planned.name,
          .at = time_of(state.planned.at),
          .why = fitted(state.planned.why, kTextBytes),
          .failures = static_cast<std::uint32_t>(state.failures.in_a_row),
          .failed = time_of(state.failures.last),
          .error = fitted(state.failures.why, kTextBytes)};
}

messages::LimitNote note_of(const certs::LimitLeft& limit) {
  return {.issuer = limit.issuer,
          .limit = std::string(certs::text_of(limit.by)),
          .what = fitted(limit.what, kTextBytes),
          .left = limit.left,
          .most = limit.most,
          .is_assumed = messages::flag_of(limit.is_assumed)};
}

certs::Issuer* no_issuer(const std::string& /*name*/) {
  return nullptr;
}

}  // namespace

Result<std::unique_ptr<UnattendedRenewal>> UnattendedRenewal::open(
    certs::CertsConfig config, std::optional<certs::TicketRules> tickets) {
  auto store = config.names.empty() ? certs::StoreDir::open(config.store)
                                    : certs::StoreDir::make(config.store);
  if (!store && config.names.empty()) return std::unique_ptr<UnattendedRenewal>();
  if (!store) return base::wrap(store.error(), "certs.store");
  std::unique_ptr<UnattendedRenewal> made(new UnattendedRenewal(std::move(*store)));
  made->config_ = std::move(config);
  made->tickets_ = tickets;
  made->make_issuers();
  made->make_placeholders();
  made->tend_tickets();
  return made;
}

UnattendedRenewal::~UnattendedRenewal() {
  gateway_.stop();
  teller_ = {};
  watcher_.reset();
  renewer_.reset();
}

void UnattendedRenewal::make_issuers() {
  issuers_ = std::make_unique<certs::IssuerSet>(
      config_.issuers, store_.paths(),
      [this](const certs::Challenge& challenge) { return gateway_.await_challenge(challenge); });
}

void UnattendedRenewal::make_placeholders() {
  const bool has_ca = ::access((store_.paths().root() + "/ca/ca.json").c_str(), F_OK) == 0;
  for (const certs::CertificateConfig& wanted : config_.names) {
    const auto state = store_.state(wanted.name);
    if (state && state->current != 0) continue;
    if (has_ca)
      make_placeholder(wanted);
    else
      base::log_warn("certs", "there is nothing to show for a name yet, and no own CA to stand in",
                     {{"name", wanted.name}, {"see", "ravelin certs ca init"}});
  }
}

void UnattendedRenewal::make_placeholder(const certs::CertificateConfig& wanted) {
  certs::Want want = certs::want_of(wanted);
  want.profile.clear();  // it is of another CA
  want.pins_key = false;
  const certs::RotationParts parts{
      .store = store_, .find_issuer = [this](const auto& name) { return issuers_->find(name); }};
  certs::RotationRequest request{wanted.name, std::move(want), std::string(certs::kPlaceholder),
                                 "start-up"};
  request.issuers = {"local"};
  if (const auto made = certs::rotate_certificate(parts, request, {}); made)
    base::log_warn("certs", "a placeholder of the own CA is shown until an issuer has signed",
                   {{"name", wanted.name}});
  else
    base::log_error("certs", "there is nothing to show for a name yet: its clients are refused",
                    {{"name", wanted.name}, {"placeholder", made.error().error.message}});
}

// Its issuing certificate and its revocation list are kept fresh, whether anything is signed or
// not.
void UnattendedRenewal::tend_own_ca() {
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

void UnattendedRenewal::tend_tickets() {
  if (!tickets_) return;
  const auto now = std::chrono::floor<std::chrono::seconds>(base::wall_now());
  const auto keys = certs::tend_tickets(store_, *tickets_, now);
  const std::string trouble = keys ? std::string() : keys.error().message;
  if (trouble != ticket_trouble_ && !trouble.empty())
    base::log_error("certs", "the store's session ticket keys cannot be rotated",
                    {{"error", trouble}});
  ticket_trouble_ = trouble;
}

void UnattendedRenewal::use(certs::CertsConfig config) {
  if (certs::StorePaths(config.store).root() != store_.paths().root())
    base::log_warn("certs", "another store is renewed after a restart only",
                   {{"store", config.store}});
  {
    const std::lock_guard guard(mutex_);
    next_ = std::move(config);
  }
  renewer_->wake();
}

std::optional<std::vector<certs::CertificateConfig>> UnattendedRenewal::take_next() {
  const std::lock_guard guard(mutex_);
  if (!next_) return std::nullopt;
  config_ = std::move(*next_);
  next_.reset();
  make_issuers();
  return config_.names;
}

void UnattendedRenewal::start() {
  certs::RenewerOptions options;
  options.look_every = config_.look_every;
  options.changed = [this] {
    tend_own_ca();
    return take_next();
  };
  options.upkeep = [this](const std::stop_token& stop) {
    upkeep_.tend(stop);
    limits_.tend(config_.issuers, std::chrono::floor<std::chrono::seconds>(base::wall_now()), stop);
    looks_.fetch_add(1);
  };
  renewer_ = std::make_unique<certs::Renewer>(
      certs::RotationParts{
          .store = store_,
          .find_issuer = [this](const std::string& name) { return issuers_->find(name); }},
      config_.names, std::move(options));
  watcher_ = std::make_unique<certs::SwapWatcher>(certs::SwapWatcherParts{
      .rotation = certs::RotationParts{.store = store_, .find_issuer = no_issuer},
      .ask = [this](const certs::CertificateSwap& swap) { return gateway_.ask(swap); },
      .rules = {.lasts = config_.watch_after_swap}});
  gateway_.on_swap([this](const certs::CertificateSwap& swap, std::chrono::seconds ago) {
    watcher_->note(swap, ago);
  });
  watcher_->start();
  renewer_->start();
  teller_ = std::jthread([this](const std::stop_token& stop) { tell(stop); });
}

RenewalReport UnattendedRenewal::report() const {
  RenewalReport report;
  for (const certs::RenewalState& state : renewer_->states())
    report.renewals.push_back(note_of(state));
  for (const certs::LimitLeft& limit : limits_.left())
    report.limits.push_back(note_of(limit));
  report.end = {watcher_->taken_back_by_probe(), watcher_->taken_back_by_alerts()};
  return report;
}

// The gateway hears of each look's outcome, and whoever comes of the last one's.
void UnattendedRenewal::tell(const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kTurn{250};
  constexpr int kTurnsOfTickets = 20;
  using Known = std::array<std::uint64_t, 4>;
  std::optional<Known> told;
  std::mutex mutex;
  std::condition_variable_any wake;
  for (int turn = 0; !stop.stop_requested(); ++turn) {
    const Known now{looks_.load(), gateway_.attached(), watcher_->taken_back_by_probe(),
                    watcher_->taken_back_by_alerts()};
    if (told != now && gateway_.tell(report())) told = now;
    if (turn % kTurnsOfTickets == 0) tend_tickets();
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, kTurn, [] { return false; });
  }
}

}  // namespace ravelin::system
