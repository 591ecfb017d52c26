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
  parts_.asked = [this](const std::string& issuer, const IssueFailure* failure) {
    heard(issuer, failure);
  };
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

// How an issuer did that was asked for a certificate.
void Renewer::heard(const std::string& issuer, const IssueFailure* failure) {
  ++orders_;
  if (failure == nullptr) {
    rests_.answered(issuer);
    return;
  }
  rests_.failed(issuer, *failure, now());
  if (const sys_seconds until = rests_.until(issuer, now()); until != sys_seconds{})
    base::log_warn(
        "certs", "an issuer does not sign now: it is left alone for a while",
        {{"issuer", issuer}, {"until", base::utc_text(until)}, {"error", failure->error.message}});
}

// Who says when this generation should be renewed; nullptr: nobody does.
Issuer* Renewer::window_issuer(const Want& want, const GenerationInfo& info) const {
  const bool is_known = std::ranges::find(want.issuers, info.issuer) != want.issuers.end();
  return is_known ? parts_.find_issuer(info.issuer) : nullptr;
}

// What the CA said of this generation when it was asked last.
void Renewer::recall_window(Read& read) {
  BookEntry& entry = read.entry;
  entry.generation = read.held.served->number;
  const BookEntry* known = book_.find(entry.name);
  if (known == nullptr || known->generation != entry.generation) {
    if (window_issuer(read.held.want, *read.held.served) == nullptr)
      entry.ask_again = now() + kAskAgain;
    return;
  }
  entry.window_start = known->window_start;
  entry.window_end = known->window_end;
  entry.ask_again = known->ask_again;
  read.held.window = entry.window();
}

// Whether the window is another than before.
bool Renewer::ask_window(BookEntry& entry, const std::stop_token& stop) {
  entry.ask_again = now() + kAskAgain;
  const auto want = want_of_name(entry.name);
  const auto info = parts_.store.info(entry.name, entry.generation);
  if (!want || !info) return false;
  Issuer* issuer = window_issuer(*want, *info);
  if (issuer == nullptr) return false;
  const std::string& signer = info->issuer;
  const sys_seconds rests =
      std::max(rests_.until(signer, now()), window_rests_.until(signer, now()));
  if (rests != sys_seconds{}) {
    entry.ask_again = rests;
    return false;
  }
  const auto generation = parts_.store.generation(entry.name, entry.generation);
  if (!generation) return false;
  const auto& texts = generation->ec ? generation->ec : generation->rsa;
  const auto window = issuer->renewal_window(texts->chain, stop);
  if (!window) {
    if (stop.stop_requested()) return false;
    const Errc code = window.error().code;
    const bool is_away = code == Errc::unavailable || code == Errc::timeout;
    window_rests_.failed(signer, {.error = window.error(), .is_away = is_away}, now());
    if (is_away) entry.ask_again = window_rests_.until(signer, now());
    base::log_info("certs", "the CA does not say when to renew",
                   {{"name", entry.name}, {"error", window.error().message}});
    return false;
  }
  window_rests_.answered(signer);
  if (*window) entry.ask_again = now() + std::min<seconds>((*window)->ask_again, kAskAgainMax);
  const std::pair before(entry.window_start, entry.window_end);
  entry.set_window(*window);
  return before != std::pair(entry.window_start, entry.window_end);
}

// False: nothing is due at another time than before.
bool Renewer::ask_windows(const std::stop_token& stop) {
  const base::MonoTime until = base::mono_now() + options_.asking_per_look;
  std::vector<BookEntry> asked;
  std::set<std::string> changed;
  for (const std::string& name : book_.to_ask(now())) {
    if (stop.stop_requested() || base::mono_now() >= until) break;
    const BookEntry* known = book_.find(name);
    BookEntry entry = known == nullptr ? BookEntry{.name = name} : *known;
    if (ask_window(entry, stop)) changed.insert(name);
    asked.push_back(std::move(entry));
  }
  book_.take(std::move(asked));
  const bool has_changed = !changed.empty();
  read_anew(std::move(changed), {});
  return has_changed;
}

// No reason to order anything: another certificate would be as hard to read.
bool Renewer::say_unreadable(Read& read, const base::Error& error) const {
  const BookEntry* known = book_.find(read.entry.name);
  if (known == nullptr || !known->is_unreadable)
    base::log_error("certs", "a certificate cannot be read: it is not renewed until it can be",
                    {{"name", read.entry.name}, {"error", error.message}});
  read.entry.is_unreadable = true;
  read.entry.read_by = now() + kReadSoon;
  return false;
}

bool Renewer::fill(Read& read) {
  const std::string& name = read.entry.name;
  read.held.failures = failures_in(parts_.store.history(name));
  if (const auto unnoted = unnoted_.find(name); unnoted != unnoted_.end()) {
    read.held.failures.in_a_row += unnoted->second.in_a_row;
    read.held.failures.last = std::max(read.held.failures.last, unnoted->second.last);
    read.held.failures.why = unnoted->second.why;
  }
  // One that is gone or damaged is served by nobody.
  const auto is_gone = [](const base::Error& error) {
    return error.code == Errc::not_found || error.code == Errc::invalid;
  };
  const auto state = parts_.store.state(name);
  if (!state && !is_gone(state.error())) return say_unreadable(read, state.error());
  if (!state || state->current == 0) return true;
  auto info = parts_.store.info(name, state->current);
  if (!info && !is_gone(info.error())) return say_unreadable(read, info.error());
  if (!info) return true;
  read.held.is_revoked = news_.is_revoked(*info);
  read.held.served = std::move(*info);
  recall_window(read);
  return true;
}

std::optional<Want> Renewer::want_of_name(const std::string& name) const {
  if (const auto config = wanted_.find(name); config != wanted_.end())
    return want_of(config->second);
  auto want = parts_.store.want(name);
  return want ? std::optional(std::move(*want)) : std::nullopt;
}

std::optional<Renewer::Read> Renewer::read(const std::string& name) {
  Read read{.entry = {.name = name, .read_by = now() + kReadAgain}, .held = {.name = name}};
  if (auto want = want_of_name(name); want) {
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
  if (!fill(read)) return read;
  read.held.rests = rests_.resting(now());
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
    if (auto known = read(name); known)
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

// What could not be written into the history waits for its turn nevertheless.
void Renewer::note_failure(const std::string& name, int noted_before, const base::Error& error) {
  if (failures_in(parts_.store.history(name)).in_a_row != noted_before) {
    unnoted_.erase(name);
    return;
  }
  if (error.code == Errc::conflict) return;  // another process is at it
  Failures& unnoted = unnoted_[name];
  ++unnoted.in_a_row;
  unnoted.last = now();
  unnoted.why = error.message;
}

bool Renewer::renew(const HeldState& state, const PlannedRenewal& renewal,
                    const std::stop_token& stop) {
  // Another generation is on its way already; only where little time is left it gives way.
  if (!renewal.is_emergency && find_canary(parts_.store, state.name)) return false;
  const std::string reason = state.served ? "renewal" : "issue";
  base::log_info("certs", "a certificate is due",
                 {{"name", state.name},
                  {"why", renewal.why},
                  {"issuers", fmt::format("{}", fmt::join(renewal.issuers, ", "))}});
  RotationRequest request{state.name, state.want, reason, std::string(kScheduler)};
  request.issuers = renewal.issuers;
  const int noted = failures_in(parts_.store.history(state.name)).in_a_row;
  const auto done = rotate_certificate(parts_, request, stop);
  if (done) {
    unnoted_.erase(state.name);
    base::log_info("certs", "a certificate was renewed",
                   {{"name", state.name},
                    {"generation", done->info.number},
                    {"issuer", done->info.issuer},
                    {"not_after", base::utc_text(done->info.not_after())}});
    return true;
  }
  const base::Error error = done.error().error;
  note_failure(state.name, noted, error);
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
  const std::size_t enough = orders_ + options_.orders_per_look;
  std::size_t renewed = 0;
  for (const std::string& name : book_.due(began)) {
    if (stop.stop_requested() || orders_ >= enough) break;
    // Its files once more: another process may have been faster, or its issuer rests by now.
    const auto known = read(name);
    if (known && known->planned && known->planned->is_due(began))
      renewed += renew(known->held, *known->planned, stop) ? 1 : 0;
    read_anew({name}, {});
  }
  return renewed;
}

// Those that were not read since they were shown last are shown again as they were.
void Renewer::show_states() {
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
      auto now_read = read(entry->name);
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
  std::size_t renewed = renew_due(stop);
  if (!stop.stop_requested() && ask_windows(stop)) {
    renewed += renew_due(stop);
    ask_windows(stop);  // of those that are new
  }
  // What was renewed waits for another day now.
  if (renewed != 0 && !stop.stop_requested() && !read_news(stop)) return renewed;
  show_states();
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
