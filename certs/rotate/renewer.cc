#include "certs/rotate/renewer.h"

#include "base/io/log.h"
#include "base/utc.h"
#include "certs/store/canary_file.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <utility>

namespace ravelin::certs {

using base::Errc;

namespace {

constexpr std::string_view kScheduler = "scheduler";
constexpr std::chrono::hours kAskAgain{6};
constexpr std::chrono::hours kAskAgainMax{48};
constexpr std::chrono::minutes kReadSoon{5};
// Of files nothing is known to have happened to: so many a look at most.
constexpr std::size_t kReadAgainMax = 500;

}  // namespace

Renewer::Renewer(RotationParts parts, std::vector<CertificateConfig> wanted, RenewerOptions options)
    : parts_(std::move(parts)), options_(std::move(options)), news_(parts_.store) {
  for (CertificateConfig& config : wanted)
    wanted_.insert_or_assign(config.name, std::move(config));
  for (const auto& [name, config] : wanted_)
    unread_.insert(name);
}

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

RenewalSummary Renewer::summary(std::size_t count) const {
  const std::lock_guard guard(mutex_);
  RenewalSummary summary;
  const auto next = std::span(states_).first(std::min(count, states_.size()));
  summary.next.assign(next.begin(), next.end());
  const RenewalState* last = nullptr;
  for (const RenewalState& state : states_)
    if (state.failures.in_a_row != 0 &&
        (last == nullptr || state.failures.last > last->failures.last))
      last = &state;
  if (last != nullptr) summary.last_failure = *last;
  return summary;
}

// What the CA said of this generation, or says now if it is time to ask.
void Renewer::ask_window(Read& read, const std::stop_token& stop) {
  BookEntry& entry = read.entry;
  entry.generation = read.held.served->number;
  const BookEntry* known = book_.find(entry.name);
  if (known != nullptr && known->generation == entry.generation) {
    entry.window_start = known->window_start;
    entry.window_end = known->window_end;
    entry.ask_again = known->ask_again;
  }
  read.held.window = entry.window();
  // What is further away was said before the clock was set back.
  if (now() < entry.ask_again && entry.ask_again <= now() + kAskAgainMax) return;
  entry.ask_again = now() + kAskAgain;
  const std::vector<std::string>& issuers = read.held.want.issuers;
  const std::string& signer = read.held.served->issuer;
  const bool is_known = std::ranges::find(issuers, signer) != issuers.end();
  Issuer* issuer = is_known ? parts_.find_issuer(signer) : nullptr;
  if (issuer == nullptr) return;
  const auto generation = parts_.store.generation(entry.name, entry.generation);
  if (!generation) return;
  const auto& texts = generation->ec ? generation->ec : generation->rsa;
  const auto window = issuer->renewal_window(texts->chain, stop);
  if (!window) {
    base::log_info("certs", "the CA does not say when to renew",
                   {{"name", entry.name}, {"error", window.error().message}});
    return;
  }
  if (*window) entry.ask_again = now() + std::min<seconds>((*window)->ask_again, kAskAgainMax);
  entry.set_window(*window);
  read.held.window = *window;
}

void Renewer::fill(Read& read, const std::stop_token& stop) {
  const std::string& name = read.entry.name;
  read.held.failures = failures_in(parts_.store.history(name));
  const auto state = parts_.store.state(name);
  if (!state || state->current == 0) return;
  auto info = parts_.store.info(name, state->current);
  if (!info) return;
  read.held.is_revoked = has_revoked_key(*info, news_.revoked());
  read.held.served = std::move(*info);
  ask_window(read, stop);
  read.entry.read_by = std::min(read.entry.read_by, read.entry.ask_again);
}

std::optional<Renewer::Read> Renewer::read(const std::string& name, const std::stop_token& stop) {
  Read read{.entry = {.name = name, .read_by = now() + kReadAgain}, .held = {.name = name}};
  if (const auto config = wanted_.find(name); config != wanted_.end()) {
    read.held.want = want_of(config->second);
  } else if (auto want = parts_.store.want(name); want) {
    read.held.want = std::move(*want);
  } else {
    if (const auto state = parts_.store.state(name);
        !state && state.error().code == Errc::not_found)
      return std::nullopt;
    // Just being made, or damaged.
    read.entry.read_by = now() + kReadSoon;
    return read;
  }
  if (read.held.want.issuers.empty()) return read;
  fill(read, stop);
  for (PlannedRenewal& planned : plan_renewals({&read.held, 1}, now())) {
    read.entry.at = planned.at;
    read.entry.not_after = planned.not_after;
    read.planned = std::move(planned);
  }
  return read;
}

void Renewer::read_anew(std::set<std::string> names, const std::stop_token& stop) {
  std::vector<BookEntry> entries;
  entries.reserve(names.size());
  std::vector<std::string> gone;
  while (!names.empty() && !stop.stop_requested()) {
    std::string name = std::move(names.extract(names.begin()).value());
    if (auto known = read(name, stop); known)
      entries.push_back(std::move(known->entry));
    else
      gone.push_back(std::move(name));
  }
  unread_ = std::move(names);
  book_.drop(gone);
  book_.take(std::move(entries));
}

// False: the store cannot be read.
bool Renewer::read_news(const std::stop_token& stop) {
  auto news = news_.take();
  const std::string trouble = news ? std::string() : news.error().message;
  if (trouble != trouble_ && !trouble.empty())
    base::log_error("certs", "the store cannot be read: nothing is renewed", {{"error", trouble}});
  trouble_ = trouble;
  if (!news) return false;
  std::set<std::string> names = std::move(news->names);
  names.merge(unread_);
  for (std::string& name : book_.to_read(now(), kReadAgainMax))
    names.insert(std::move(name));
  if (news->all)
    for (const auto& [name, config] : wanted_)
      names.insert(name);
  if (news->listing) {
    const std::vector<std::string>& listing = *news->listing;
    for (const std::string& name : listing)
      if (news->all || book_.find(name) == nullptr) names.insert(names.end(), name);
    // What went is read as well, and found gone.
    for (const BookEntry& entry : book_.all())
      if (!std::ranges::binary_search(listing, entry.name)) names.insert(entry.name);
  }
  read_anew(std::move(names), stop);
  return true;
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

void Renewer::take_configuration() {
  if (!options_.changed) return;
  auto changed = options_.changed();
  if (!changed) return;
  std::map<std::string, CertificateConfig> next;
  for (CertificateConfig& config : *changed)
    next.insert_or_assign(config.name, std::move(config));
  const auto differs = [](const auto& all, const auto& each) {
    const auto other = all.find(each.first);
    return other == all.end() || want_of(other->second) != want_of(each.second);
  };
  for (const auto& each : next)
    if (differs(wanted_, each)) unread_.insert(each.first);
  for (const auto& each : wanted_)
    if (!next.contains(each.first)) unread_.insert(each.first);
  wanted_ = std::move(next);
}

std::size_t Renewer::renew_due(const std::stop_token& stop) {
  const sys_seconds began = now();
  std::size_t renewed = 0;
  for (const std::string& name : book_.due(began, options_.renewals_per_look)) {
    if (stop.stop_requested()) break;
    // Its files once more: another process may have been faster.
    const auto known = read(name, stop);
    if (known && known->planned && known->planned->is_due(began))
      renewed += renew(known->held, *known->planned, stop) ? 1 : 0;
    read_anew({name}, {});
  }
  return renewed;
}

// Those that were not read since they were shown last are shown again as they were.
void Renewer::show_states(const std::stop_token& stop) {
  std::map<std::string_view, std::size_t> before;
  for (std::size_t i = 0; i < shown_.size(); ++i)
    before.emplace(shown_[i].name, i);
  std::vector<BookEntry> shown;
  std::vector<RenewalState> states;
  for (const BookEntry* entry : book_.soonest(options_.states_max)) {
    const auto known = before.find(entry->name);
    if (known != before.end() && shown_[known->second] == *entry) {
      states.push_back(states_[known->second]);
    } else {
      auto now_read = read(entry->name, stop);
      if (!now_read || !now_read->planned) continue;
      states.push_back({std::move(*now_read->planned), std::move(now_read->held.failures)});
    }
    shown.push_back(*entry);
  }
  const std::lock_guard guard(mutex_);
  states_ = std::move(states);
  shown_ = std::move(shown);
}

std::size_t Renewer::look(const std::stop_token& stop) {
  take_configuration();
  if (!read_news(stop)) return 0;
  const std::size_t renewed = renew_due(stop);
  // What was renewed waits for another day now.
  if (renewed != 0 && !stop.stop_requested() && !read_news(stop)) return renewed;
  show_states(stop);
  return renewed;
}

void Renewer::run(const std::stop_token& stop) {
  // Of this thread alone: what serves clients goes first.
  constexpr int kNice = 5;
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice) == 0);
  while (!stop.stop_requested()) {
    look(stop);
    if (options_.upkeep && !stop.stop_requested()) options_.upkeep(stop);
    std::unique_lock guard(mutex_);
    wake_.wait_for(guard, stop, options_.look_every, [this] { return has_news_; });
    has_news_ = false;
  }
}

}  // namespace ravelin::certs
