#include "certs/rotate/swap_watcher.h"

#include "base/io/log.h"

#include <iterator>

namespace ravelin::certs {

using base::Errc;

namespace {

constexpr std::chrono::milliseconds kLookEvery{500};
constexpr std::chrono::seconds kProbeAgain{5};
constexpr std::chrono::seconds kProbeMax{15};

std::chrono::seconds since(base::MonoTime from, base::MonoTime to) {
  return std::chrono::floor<std::chrono::seconds>(to - from);
}

std::string by_text() {
  return std::string(kWatch);
}

}  // namespace

void SwapWatcher::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void SwapWatcher::note(const CertificateSwap& swap, std::chrono::seconds ago) {
  if (!swap.is_canary && parts_.rules.lasts <= ago) return;
  {
    const std::lock_guard guard(mutex_);
    news_.push_back({swap, ago});
  }
  wake_.notify_all();
}

void SwapWatcher::take_news(base::MonoTime now) {
  std::vector<News> news;
  {
    const std::lock_guard guard(mutex_);
    news.swap(news_);
  }
  for (News& one : news) {
    const auto known = watched_.find(one.swap.name);
    if (known != watched_.end() && known->second.swap == one.swap) continue;
    std::string name = one.swap.name;
    watched_.insert_or_assign(
        std::move(name), Watched{.swap = std::move(one.swap), .begun = {now.since_boot - one.ago}});
  }
}

SwapFacts SwapWatcher::facts_of(const CertificateSwap& swap) const {
  const RotationParts& rotation = parts_.rotation;
  SwapFacts facts{.is_canary = swap.is_canary};
  if (swap.is_canary) return facts;
  if (const auto info = rotation.store.info(swap.name, swap.generation); info)
    facts.reason = info->reason;
  const std::vector<HistoryEntry> history = rotation.store.history(swap.name);
  facts.is_chosen = was_chosen(history, swap.generation);
  facts.was_taken_back = was_taken_back(history, swap.generation);
  facts.older_unfit = unfit_to_go_back(rotation, swap.name, swap.before);
  return facts;
}

// A canary has none: which of the two generations the probe would be shown is not its to choose.
void SwapWatcher::probe(Watched& watched, const SwapNow& seen, base::MonoTime now,
                        const std::stop_token& stop) {
  const bool is_done =
      watched.probe.says == ProbeSays::shown || watched.probe.says == ProbeSays::refused;
  if (is_done || !seen.is_by_every_worker || now < watched.probe_at) return;
  const auto want = parts_.rotation.store.want(watched.swap.name);
  if (want && want->profile == "client") return;
  watched.probe =
      probe_swap(parts_.rotation.store, watched.swap.name, watched.swap.generation, seen.places,
                 parts_.rotation.now(), {base::mono_now() + kProbeMax, stop});
  watched.probe_at = now + kProbeAgain;
}

// The lease may be someone else's for a moment; all else is not going to become better.
bool SwapWatcher::is_failure_final(Watched& watched, const base::Error& error,
                                   std::string_view what) {
  const bool is_busy = error.code == Errc::conflict;
  if (!is_busy || !watched.was_busy)
    base::log_error("certs", what,
                    {{"name", watched.swap.name},
                     {"generation", watched.swap.generation},
                     {"error", error.message}});
  watched.was_busy = is_busy;
  return !is_busy;
}

void SwapWatcher::count(const SwapVerdict& verdict) {
  (verdict.cause == "probe" ? by_probe_ : by_alerts_).fetch_add(1);
}

bool SwapWatcher::take_back_now(Watched& watched, const SwapVerdict& verdict) {
  const CertificateSwap& swap = watched.swap;
  const auto done =
      take_back(parts_.rotation, {swap.name, swap.generation, swap.before, verdict.why, by_text()});
  if (!done)
    return is_failure_final(watched, done.error(),
                            "a generation that clients refuse could not be taken back");
  if (!*done) {
    base::log_info("certs", "another process has taken the generation back",
                   {{"name", swap.name}, {"generation", swap.generation}});
    return true;
  }
  count(verdict);
  base::log_error("certs", "a generation was taken back; the one before is served again",
                  {{"name", swap.name},
                   {"generation", swap.generation},
                   {"served", swap.before},
                   {"reason", verdict.why}});
  return true;
}

bool SwapWatcher::finish(Watched& watched, const SwapVerdict& verdict) {
  const CertificateSwap& swap = watched.swap;
  const auto done = finish_canary(parts_.rotation, swap.name, by_text());
  if (!done && done.error().code != Errc::not_found)
    return is_failure_final(watched, done.error(), "a canary could not be finished");
  if (done)
    base::log_info("certs", "a canary had no trouble: all clients get it",
                   {{"name", swap.name}, {"generation", swap.generation}, {"seen", verdict.why}});
  return true;
}

bool SwapWatcher::give_up(Watched& watched, const SwapVerdict& verdict) {
  const CertificateSwap& swap = watched.swap;
  const auto done = give_up_canary(parts_.rotation, swap.name, verdict.why, by_text());
  if (!done && done.error().code != Errc::not_found)
    return is_failure_final(watched, done.error(), "a canary could not be given up");
  if (!done) return true;
  count(verdict);
  base::log_error("certs", "a canary was given up; all clients get the generation beside it",
                  {{"name", swap.name},
                   {"generation", swap.generation},
                   {"served", done->beside},
                   {"reason", verdict.why}});
  return true;
}

bool SwapWatcher::is_canary_over(Watched& watched, const SwapNow& seen) {
  const auto canary = find_canary(parts_.rotation.store, watched.swap.name);
  if (!canary || canary->generation != watched.swap.generation) return true;
  SwapRules rules = parts_.rules;
  rules.lasts = canary->lasts;
  const auto age = std::chrono::floor<std::chrono::seconds>(parts_.rotation.now() - canary->since);
  const SwapVerdict verdict =
      judge_swap({.is_canary = true},
                 {.since = age, .accepted = seen.accepted, .refusing = seen.refusing}, rules);
  if (verdict.step == SwapStep::keep_watching) return false;
  return verdict.step == SwapStep::settled ? finish(watched, verdict) : give_up(watched, verdict);
}

bool SwapWatcher::is_over(Watched& watched, base::MonoTime now, const std::stop_token& stop) {
  const CertificateSwap& swap = watched.swap;
  const auto seen = parts_.ask(swap);
  if (!seen) return false;
  if (!seen->is_shown) return true;
  if (swap.is_canary) return is_canary_over(watched, *seen);
  probe(watched, *seen, now, stop);
  const SwapSeen all{.since = since(watched.begun, now),
                     .accepted = seen->accepted,
                     .refusing = seen->refusing,
                     .probe = watched.probe.says,
                     .probe_text = watched.probe.text};
  // The files are looked at only where there is something to decide.
  SwapVerdict verdict = judge_swap({}, all, parts_.rules);
  if (verdict.step == SwapStep::keep_watching) return false;
  if (verdict.step == SwapStep::take_back) verdict = judge_swap(facts_of(swap), all, parts_.rules);
  if (verdict.step == SwapStep::take_back) return take_back_now(watched, verdict);
  if (verdict.cause.empty())
    base::log_info("certs", "a generation has settled",
                   {{"name", swap.name}, {"generation", swap.generation}, {"seen", verdict.why}});
  else
    base::log_error("certs", "clients refuse a generation",
                    {{"name", swap.name}, {"generation", swap.generation}, {"seen", verdict.why}});
  return true;
}

std::size_t SwapWatcher::look(base::MonoTime now, const std::stop_token& stop) {
  take_news(now);
  for (auto each = watched_.begin(); each != watched_.end() && !stop.stop_requested();)
    each = is_over(each->second, now, stop) ? watched_.erase(each) : std::next(each);
  return watched_.size();
}

void SwapWatcher::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const std::size_t left = look(base::mono_now(), stop);
    std::unique_lock guard(mutex_);
    const auto has_news = [this] { return !news_.empty(); };
    if (left == 0)
      wake_.wait(guard, stop, has_news);
    else
      wake_.wait_for(guard, stop, kLookEvery, has_news);
  }
}

}  // namespace ravelin::certs
