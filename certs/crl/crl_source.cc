#include "certs/crl/crl_source.h"

#include "certs/crl/crl_cache.h"

#include <algorithm>

namespace ravelin::certs {
namespace {

constexpr std::size_t kHeaderBytesMax = std::size_t{16} * 1024;
constexpr int kOk = 200;

CrlFetch worse(CrlFetch one, CrlFetch other) {
  return std::max(one, other);
}

// "number 1A of 2026-12-24 18:00:00 UTC"
std::string which_of(const CrlFacts& facts) {
  return facts.number.empty()
             ? "of " + format_time(facts.this_update)
             : fmt::format("number {} of {}", facts.number, format_time(facts.this_update));
}

}  // namespace

Result<std::shared_ptr<CrlSource>> CrlSource::open(Options options,
                                                   std::span<const HeldCrlPtr> known) {
  const auto url = acme::parse_url(options.url, acme::PlainHttp::allowed);
  if (!url) return url.error();
  auto authorities = parse_authorities(options.ca_pem, options.ca_name);
  if (!authorities) return authorities.error();
  std::shared_ptr<CrlSource> source(new CrlSource(std::move(options), std::move(*authorities)));
  std::vector<HeldCrlPtr> held;
  if (!source->options_.cache.empty())
    held = read_crl_cache(source->options_.cache, source->authorities_);
  std::vector<HeldCrlPtr> ours;
  std::ranges::copy_if(known, std::back_inserter(ours), [&](const HeldCrlPtr& list) {
    return std::ranges::find(source->authorities_, list->authority, &CrlAuthority::id) !=
           source->authorities_.end();
  });
  source->state_.held = newest_of(held, ours);
  return source;
}

void CrlSource::start() {
  if (thread_.joinable()) return;
  thread_ = std::jthread([this](const std::stop_token& stop) {
    run(stop);
    has_ended_.store(true);
  });
}

CrlSource::State CrlSource::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void CrlSource::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Outcome outcome = attempt(stop);
    if (stop.stop_requested()) return;
    const std::chrono::seconds pause = note(outcome);
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, stop, pause, [] { return false; });
  }
}

// A client for each: lists are asked for too rarely for a connection to be kept.
CrlSource::Outcome CrlSource::attempt(const std::stop_token& stop) const {
  auto client = acme::HttpClient::open({.header_bytes_max = kHeaderBytesMax,
                                        .body_bytes_max = kCrlBytesMax,
                                        .plain = acme::PlainHttp::allowed});
  if (!client) return {CrlFetch::failed, {}, client.error().message};
  const auto answer = client->fetch({.url = options_.url, .accept = "application/pkix-crl, */*"},
                                    {.until = base::mono_now() + options_.patience, .stop = stop});
  if (!answer) return {CrlFetch::failed, {}, answer.error().message};
  if (answer->status != kOk)
    return {CrlFetch::failed, {}, fmt::format("GET {}: status {}", options_.url, answer->status)};
  return judge_answer(answer->body);
}

CrlSource::Outcome CrlSource::judge_answer(std::string_view body) const {
  auto lists = parse_crl_answer(body, options_.url);
  if (!lists) return {CrlFetch::refused, {}, lists.error().message};
  Outcome outcome;
  bool is_ours = false;
  for (CrlPtr& crl : *lists) {
    const auto signer = find_signer(crl.get(), authorities_);
    if (!signer)
      return {CrlFetch::refused, {}, fmt::format("{}: {}", options_.url, signer.error().message)};
    if (*signer == nullptr) continue;  // of a CA whose clients nobody asks for
    is_ours = true;
    judge_list(std::move(crl), **signer, outcome);
    if (outcome.result == CrlFetch::refused) return outcome;
  }
  if (!is_ours)
    return {CrlFetch::refused,
            {},
            fmt::format("{}: a CRL is signed by none of the CAs in {}", options_.url,
                        options_.ca_name)};
  return outcome;
}

void CrlSource::judge_list(CrlPtr crl, const CrlAuthority& signer, Outcome& outcome) const {
  const auto refuse = [&](CrlFetch result, std::string why) {
    outcome.result = worse(outcome.result, result);
    outcome.why = fmt::format("{}: {}", options_.url, why);
  };
  if (auto formed = check_crl_form(crl.get(), describe_crl(crl.get())); !formed) {
    outcome.taken.clear();
    return refuse(CrlFetch::refused, formed.error().message);
  }
  const base::WallTime now = base::wall_now();
  HeldCrlPtr list = hold_crl(std::move(crl), signer, options_.url);
  const auto held = std::ranges::find(state_.held, list->slot, &HeldCrl::slot);
  const CrlVerdict verdict =
      judge_crl(held == state_.held.end() ? nullptr : &(*held)->facts, list->facts, now);
  const CrlFacts& facts = list->facts;
  if (verdict == CrlVerdict::older)
    return refuse(CrlFetch::older,
                  fmt::format("the CRL of \"{}\" ({}) is not newer than the one held ({})",
                              facts.issuer, which_of(facts), which_of((*held)->facts)));
  if (verdict == CrlVerdict::not_yet)
    return refuse(CrlFetch::not_yet, fmt::format("the CRL of \"{}\" is good from {} on",
                                                 facts.issuer, format_time(facts.this_update)));
  if (is_over(facts, now))
    refuse(CrlFetch::expired, fmt::format("the CRL of \"{}\" expired on {}", facts.issuer,
                                          format_time(*facts.next_update)));
  if (verdict == CrlVerdict::unchanged) return;
  outcome.result = worse(outcome.result, CrlFetch::taken);
  outcome.taken.push_back(std::move(list));
}

// Why the disk has not got it; "" = it has.
std::string CrlSource::keep(const Outcome& outcome) const {
  if (options_.cache.empty()) return {};
  for (const HeldCrlPtr& list : outcome.taken)
    if (auto kept = write_crl_cache(options_.cache, *list); !kept) return kept.error().message;
  return {};
}

std::chrono::seconds CrlSource::note(const Outcome& outcome) {
  const std::string not_kept = keep(outcome);
  const base::WallTime now = base::wall_now();
  const std::lock_guard lock(mutex_);
  state_.last = outcome.result;
  state_.last_at = now;
  ++state_.attempts;
  ++state_.results[static_cast<std::size_t>(outcome.result)];
  state_.why = outcome.why.empty() ? not_kept : outcome.why;
  if (!outcome.taken.empty()) {
    // Judged one by one against what is held: they take its place, whatever their dates.
    for (const HeldCrlPtr& list : outcome.taken)
      std::erase_if(state_.held, [&](const HeldCrlPtr& old) { return old->slot == list->slot; });
    state_.held.insert(state_.held.end(), outcome.taken.begin(), outcome.taken.end());
    state_.held = newest_of(state_.held, {});
    ++state_.changes;
  }
  if (is_good(outcome.result)) {
    state_.failures = 0;
    state_.good_at = now;
  } else {
    ++state_.failures;
  }
  const std::chrono::seconds pause =
      until_next_fetch({state_.failures, first_end(state_.held)}, options_.timing, now);
  state_.next_at = now + pause;
  return pause;
}

}  // namespace ravelin::certs
