#include "certs/view/store_upkeep.h"

#include "base/io/log.h"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <thread>

namespace ravelin::certs {

using base::Errc;

namespace {

FileStamp link_stamp(const std::string& path) {
  struct stat status {};

  return ::lstat(path.c_str(), &status) == 0 ? stamp_of(status) : FileStamp();
}

// Works as long as it rests, and ends when it is told to.
class HalfPace {
 public:
  explicit HalfPace(const std::stop_token& stop) : stop_(stop) {}

  bool operator()() {
    const base::MonoTime now = base::mono_now();
    constexpr base::Duration kRestMax = std::chrono::milliseconds(100);
    std::this_thread::sleep_for(std::min<base::Duration>(now - worked_since_, kRestMax));
    worked_since_ = base::mono_now();
    return !stop_.stop_requested();
  }

 private:
  std::stop_token stop_;
  base::MonoTime worked_since_ = base::mono_now();
};

}  // namespace

std::string why_index_anew(const IndexFacts& facts) {
  constexpr std::size_t kChangedMin = 100;
  constexpr std::size_t kChangedMax = 1000;
  if (!facts.is_usable)
    return facts.certificates > kIndexedFrom ? "there is none that can be used" : "";
  if (facts.has_revoked) return "a key was revoked since it was made";
  const std::size_t many = std::clamp(facts.certificates / 100, kChangedMin, kChangedMax);
  if (facts.changed > many) return fmt::format("{} certificates have changed since", facts.changed);
  constexpr std::uint64_t kBytesMax = std::uint64_t{1024} * 1024;
  if (facts.bytes_since > kBytesMax) return "the journal has grown long since";
  return {};
}

StoreUpkeep::Stamps StoreUpkeep::stamps() const {
  const StorePaths& paths = store_.paths();
  return {link_stamp(public_index(paths)), link_stamp(paths.journal()),
          link_stamp(paths.revoked_keys())};
}

Result<IndexFacts> StoreUpkeep::facts(JournalPlace& indexed) const {
  IndexFacts facts;
  const auto index = open_index(store_.paths(), 1);
  if (index) indexed = (*index)->reader.head().journal;
  const auto news = read_journal(store_.paths().journal(), indexed);
  if (!news) return news.error();
  facts.is_usable = index.has_value() && !news->is_another;
  if (!facts.is_usable) {
    indexed = {};
    const auto names = store_.names();
    if (!names) return names.error();
    facts.certificates = names->size();
    return facts;
  }
  facts.certificates = (*index)->reader.size();
  facts.has_revoked = is_older_than_revocations(store_.paths());
  std::set<std::string_view> changed;
  for (const JournalLine& line : news->lines)
    changed.insert(line.name);
  for (const JournalLine& line : news->lines)
    facts.bytes_since += format_line(line).size() + 1;
  facts.changed = changed.size();
  return facts;
}

void StoreUpkeep::fail(const base::Error& error) {
  constexpr std::chrono::minutes kAgain{10};
  not_before_ = base::mono_now() + kAgain;
  if (error.message != trouble_ && error.code != Errc::conflict)
    base::log_error("certs", "the store's index or journal cannot be made anew; the old one stays",
                    {{"store", store_.paths().root()}, {"error", error.message}});
  trouble_ = error.message;
}

bool StoreUpkeep::index_anew(const std::string& why, const std::stop_token& stop) {
  const base::MonoTime began = base::mono_now();
  const auto report = rebuild_index(store_, HalfPace(stop));
  if (!report) {
    fail(report.error());
    return false;
  }
  trouble_.clear();
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(base::mono_now() - began);
  base::log_info("certs", "the store's index was made anew",
                 {{"store", store_.paths().root()},
                  {"why", why},
                  {"certificates", report->certificates},
                  {"left_out", report->left_out.size()},
                  {"took_ms", took.count()}});
  return true;
}

StoreUpkeep::Done StoreUpkeep::tend(const std::stop_token& stop) {
  Done done;
  const Stamps seen = stamps();
  if (seen == settled_ || base::mono_now() < not_before_) return done;
  JournalPlace indexed;
  auto found = facts(indexed);
  if (found) {
    if (const std::string why = why_index_anew(*found); !why.empty()) {
      done.indexed = index_anew(why, stop);
      if (!done.indexed) return done;
      found = facts(indexed);
    }
  }
  if (!found) {
    fail(found.error());
    return done;
  }
  const auto compacted = compact_journal(store_.paths().journal(), indexed, rules_);
  if (!compacted) {
    fail(compacted.error());
    return done;
  }
  done.compacted = *compacted;
  if (done.compacted)
    base::log_info("certs", "the journal's beginning was cut off",
                   {{"store", store_.paths().root()}});
  settled_ = done.indexed || done.compacted ? std::nullopt : std::optional(seen);
  return done;
}

}  // namespace ravelin::certs
