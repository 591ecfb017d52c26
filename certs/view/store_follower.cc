#include "certs/view/store_follower.h"

#include "base/io/log.h"
#include "certs/store/challenge_folder.h"
#include "certs/view/store_index.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ravelin::certs {

using base::Errc;

StoreFollower::StoreFollower(StoreDir store, const FollowOptions& options)
    : store_(std::move(store)),
      options_(options),
      pairs_(std::make_shared<PairCache>(options.parsed_max, options.keys.make)) {}

StoreFollower::~StoreFollower() {
  if (inotify_ >= 0) ::close(inotify_);
}

Result<std::unique_ptr<StoreFollower>> StoreFollower::open(const std::string& path,
                                                           const FollowOptions& options) {
  auto store = StoreDir::open(path);
  if (!store) return store.error();
  std::unique_ptr<StoreFollower> follower(new StoreFollower(std::move(*store), options));
  if (auto begun = follower->begin(); !begun) return begun.error();
  follower->swaps_.clear();  // since an index was made, before anybody was shown it
  follower->read_canaries_anew();
  follower->settle_canaries();
  follower->is_begun_ = true;
  return follower;
}

// Where the journal stands first, then the files: what changes in between is looked at again.
Result<> StoreFollower::begin() {
  watch();
  read_challenges_anew();
  auto revoked = store_.revoked_keys();
  if (!revoked) return revoked.error();
  revoked_ = std::move(*revoked);
  const FileStamp stamp = stamp_of_index();
  auto index = open_index(store_.paths(), next_id_, reading());
  const auto news = read_journal(store_.paths().journal(),
                                 index ? (*index)->reader.head().journal : JournalPlace{});
  if (!news) return news.error();
  if (!index)
    start_.why_not = index.error().message;
  else if (news->is_another)
    start_.why_not = "it is not of this store's journal";
  else if (is_older_than_revocations(store_.paths()))
    start_.why_not = "a key was revoked since it was made";
  start_.used_index = start_.why_not.empty();
  if (!start_.used_index) {
    view_ = std::make_shared<const StoreView>(nullptr, pairs_);
    return read_all();
  }
  index_stamp_ = stamp;
  next_id_ += (*index)->reader.size();
  view_ = std::make_shared<const StoreView>(std::move(*index), pairs_);
  place_ = news->place;
  note(news->lines);
  for (const std::string& name : std::exchange(waiting_, {}))
    take_over(name);
  return {};
}

Result<> StoreFollower::read_all() {
  const auto news = read_journal(store_.paths().journal(), {});
  if (!news) return news.error();
  const auto names = store_.names();
  if (!names) return names.error();
  place_ = news->place;
  note(news->lines);
  waiting_.clear();
  for (const std::string& name : *names)
    take_over(name);
  return {};
}

void StoreFollower::watch() {
  inotify_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (inotify_ < 0) return;
  const bool is_watched =
      watch_journal() && ::inotify_add_watch(inotify_, challenge_folder(store_.paths()).c_str(),
                                             IN_MOVED_TO | IN_DELETE) >= 0;
  // Not there in a store of before.
  static_cast<void>(::inotify_add_watch(inotify_, canary_folder(store_.paths()).c_str(),
                                        IN_MOVED_TO | IN_DELETE));
  if (is_watched) return;
  ::close(inotify_);
  inotify_ = -1;
}

// Another file may be at its path since: it was cut off at the front. The watch of the one that is
// gone ends by itself.
bool StoreFollower::watch_journal() const {
  return ::inotify_add_watch(inotify_, store_.paths().journal().c_str(), IN_MODIFY | IN_ATTRIB) >=
         0;
}

void StoreFollower::note(const std::vector<JournalLine>& lines) {
  for (const JournalLine& line : lines) {
    waiting_.insert(line.name);
    open_.erase(line.name);
    leaving_.erase(line.name);
    if (line.event == JournalEvent::begin) open_.insert(line.name);
    if (line.event == JournalEvent::gone) leaving_.insert(line.name);
  }
}

void StoreFollower::look_at_all() {
  if (const auto names = store_.names(); names) waiting_.insert(names->begin(), names->end());
  for (const StoreView::Fact& fact : view_->soonest(view_->size()))
    waiting_.insert(fact.name);
}

void StoreFollower::read_news(base::MonoTime now) {
  const auto news = read_journal(store_.paths().journal(), place_);
  const std::string why = news ? std::string() : base::to_string(news.error());
  if (why != trouble_) {
    trouble_ = why;
    if (news)
      base::log_info("certs", "the store can be read again", {{"store", store_.paths().root()}});
    else
      base::log_error("certs", "the store cannot be followed; what is served stays",
                      {{"store", store_.paths().root()}, {"error", why}});
  }
  if (!news) return;
  const bool is_other_file = news->place.id != place_.id;
  place_ = news->place;
  note(news->lines);
  if (news->is_another) look_at_all();
  // What is appended until it is watched is read at the next poll.
  if (inotify_ >= 0 && (is_other_file || now >= next_look_)) static_cast<void>(watch_journal());
  if (now < next_look_ && waiting_.empty()) return;
  // Nothing in the journal says whose key was revoked.
  if (auto revoked = store_.revoked_keys(); revoked && *revoked != revoked_) {
    revoked_ = std::move(*revoked);
    look_at_all();
    canary_pairs_.clear();
  }
  if (now < next_look_) return;
  next_look_ = now + options_.look_every;
  waiting_.merge(unanswered_);
  waiting_.insert(open_.begin(), open_.end());
  waiting_.insert(leaving_.begin(), leaving_.end());
}

// What is served was read when it was good; its files may be another's by now, or gone.
bool StoreFollower::serves_revoked_key(const std::string& name) const {
  if (!view_->fact(name)) return false;
  const PairSet served = view_->find(name);
  return std::ranges::any_of(std::array{served.ec, served.rsa}, [this](const PairPtr& pair) {
    return pair != nullptr && revoked_.contains(pair->chain.info.spki_sha256);
  });
}

// A revoked key must not be served even for want of a better one. True: it no longer is.
bool StoreFollower::refuse(const std::string& name, const std::string& why) {
  const bool is_revoked = serves_revoked_key(name);
  if (is_revoked) view_ = view_->without(name);
  if (const auto known = refused_.find(name); known == refused_.end() || known->second != why) {
    refused_[name] = why;
    base::log_error("certs",
                    view_->fact(name) ? "a generation is refused; the one before is still served"
                                      : "a generation is refused, and none is served",
                    {{"name", name}, {"reason", why}});
  }
  if (is_revoked)
    base::log_error("certs", "a certificate is no longer served: its key was revoked",
                    {{"name", name}});
  return is_revoked;
}

KeyReading StoreFollower::reading() const {
  return options_.keys.make ? KeyReading::elsewhere : KeyReading::here;
}

// Not at the start: there may be a hundred thousand, and nothing else to serve.
Result<> StoreFollower::check_keys(const PairSet& pairs, const IndexEntry& entry) const {
  if (!options_.keys.check || !is_begun_) return {};
  for (const auto& [pair, slot] :
       {std::pair(pairs.ec, PairSlot::ec), std::pair(pairs.rsa, PairSlot::rsa)}) {
    if (pair == nullptr) continue;
    if (auto checked = options_.keys.check(entry, slot, pair->chain.info); !checked)
      return base::wrap(checked.error(), fmt::format("generation {}", entry.generation));
  }
  return {};
}

bool StoreFollower::take_over(const std::string& name) {
  auto held = read_held(store_, name, revoked_, next_id_, reading());
  if (!held) return refuse(name, held.error().message);
  const auto served = view_->fact(name);
  if (*held == nullptr) {
    refused_.erase(name);
    leaving_.erase(name);
    if (!served) return false;
    view_ = view_->without(name);
    base::log_info("certs", "a certificate is no longer served", {{"name", name}});
    return true;
  }
  if (view_->serves((*held)->entry)) {
    refused_.erase(name);
    return false;
  }
  ++next_id_;
  const PairSet pairs = pairs_->get((*held)->id, (*held)->entry);
  const bool is_whole = (pairs.ec != nullptr) == (*held)->entry.ec.has_value() &&
                        (pairs.rsa != nullptr) == (*held)->entry.rsa.has_value();
  if (!is_whole)
    return refuse(name, fmt::format("generation {}: a key or certificate does not parse, or they "
                                    "do not belong together",
                                    (*held)->entry.generation));
  if (auto checked = check_keys(pairs, (*held)->entry); !checked) {
    if (checked.error().code == Errc::unavailable) unanswered_.insert(name);
    return refuse(name, checked.error().message);
  }
  refused_.erase(name);
  if (served && served->generation != (*held)->entry.generation)
    swaps_.push_back({name, served->generation, (*held)->entry.generation});
  view_ = view_->with(std::move(*held));
  return true;
}

FileStamp StoreFollower::stamp_of_index() const {
  struct stat status {};

  return ::lstat(public_index(store_.paths()).c_str(), &status) == 0 ? stamp_of(status)
                                                                     : FileStamp();
}

// The index was made anew, and has what is held over the old one. Only where all is well: what is
// served of a certificate whose newest generation is refused stands nowhere else. What was
// published since the index is read once more; if that is not what is served, it is too early.
bool StoreFollower::rebase() {
  const FileStamp stamp = stamp_of_index();
  if (stamp == FileStamp() || stamp == index_stamp_) return false;
  if (!waiting_.empty() || !refused_.empty() || view_->changes() < options_.rebase_from)
    return false;
  index_stamp_ = stamp;
  auto index = open_index(store_.paths(), next_id_, reading());
  if (!index || (*index)->reader.head().left_out != 0 || is_older_than_revocations(store_.paths()))
    return false;
  const auto news = read_journal(store_.paths().journal(), (*index)->reader.head().journal);
  if (!news || news->is_another) return false;
  std::set<std::string> since(open_);
  for (const JournalLine& line : news->lines)
    since.insert(line.name);
  std::uint64_t id = next_id_ + (*index)->reader.size();
  auto next = view_->on(std::move(*index));
  for (const std::string& name : since) {
    auto held = read_held(store_, name, revoked_, id++, reading());
    const bool is_served =
        held && (*held == nullptr ? !view_->fact(name) : view_->serves((*held)->entry));
    if (!is_served) {
      index_stamp_ = {};
      return false;
    }
    next = *held == nullptr ? next->without(name) : next->with(std::move(*held));
  }
  next_id_ = id;
  view_ = std::move(next);
  base::log_info("certs", "changed over to the store's new index",
                 {{"store", store_.paths().root()}, {"certificates", view_->size()}});
  return true;
}

void StoreFollower::read_challenges_anew() {
  struct stat status {};

  // A folder that has just changed may change again within what its time can tell.
  constexpr std::int64_t kSettled = 2'000'000'000;
  if (::stat(challenge_folder(store_.paths()).c_str(), &status) == 0) {
    const FileStamp stamp = stamp_of(status);
    const std::int64_t now = base::wall_now().time_since_epoch().count();
    if (stamp == challenge_stamp_ && now - stamp.modified_ns > kSettled) return;
    challenge_stamp_ = stamp;
  }
  std::vector<Challenge> found = read_challenges(store_.paths());
  std::ranges::sort(found, {}, &Challenge::token);
  if (challenges_ != nullptr && found == known_challenges_) return;
  known_challenges_ = std::move(found);
  const std::uint64_t revision = challenges_ == nullptr ? 1 : challenges_->revision() + 1;
  challenges_ = std::make_shared<const ChallengeAnswers>(known_challenges_, revision);
}

void StoreFollower::read_canaries_anew() {
  struct stat status {};

  constexpr std::int64_t kSettled = 2'000'000'000;  // as with challenges
  if (::stat(canary_folder(store_.paths()).c_str(), &status) != 0) {
    wanted_canaries_.clear();
    return;
  }
  const FileStamp stamp = stamp_of(status);
  const std::int64_t now = base::wall_now().time_since_epoch().count();
  if (stamp == canary_stamp_ && now - stamp.modified_ns > kSettled) return;
  canary_stamp_ = stamp;
  wanted_canaries_ = read_canaries(store_.paths());
}

// The pairs of one, if it may be shown; else it is said once why not.
std::shared_ptr<const CanaryPairs> StoreFollower::ready(const Canary& canary) {
  const auto refuse_it = [&](const std::string& why) {
    std::string& known = unshown_[canary.name];
    if (known != why)
      base::log_warn("certs", "a canary is not shown; its clients get what all get",
                     {{"name", canary.name}, {"generation", canary.generation}, {"reason", why}});
    known = why;
    return nullptr;
  };
  const auto generation = store_.generation(canary.name, canary.generation, reading());
  if (!generation) return refuse_it(generation.error().message);
  if (has_revoked_key(generation->info, revoked_)) return refuse_it("its key was revoked");
  const auto held = to_held(canary.name, *generation, next_id_, reading());
  if (!held) return refuse_it(held.error().message);
  ++next_id_;
  PairSet pairs = pairs_->get((*held)->id, (*held)->entry);
  if (pairs.is_empty()) return refuse_it("its keys and certificates do not belong together");
  unshown_.erase(canary.name);
  return std::make_shared<const CanaryPairs>(CanaryPairs{std::move(pairs), canary.share});
}

// What counts of what the store has. True: others are shown now.
bool StoreFollower::settle_canaries() {
  std::map<std::string, Canary> next;
  StoreView::Canaries pairs;
  for (const Canary& canary : wanted_canaries_) {
    const auto served = view_->fact(canary.name);
    if (!served || served->generation != canary.beside) continue;
    const auto known = canaries_.find(canary.name);
    const bool is_known = known != canaries_.end() && known->second.generation == canary.generation;
    const auto made = canary_pairs_.find(canary.name);
    const bool is_made =
        is_known && known->second.share == canary.share && made != canary_pairs_.end();
    auto shown = is_made ? made->second : ready(canary);
    if (shown == nullptr) continue;
    if (!is_known)
      swaps_.push_back({canary.name, canary.beside, canary.generation, /*is_canary=*/true});
    pairs.emplace(canary.name, std::move(shown));
    next.emplace(canary.name, canary);
  }
  if (next == canaries_ && pairs == canary_pairs_) return false;
  for (const auto& [name, canary] : next)
    if (!canaries_.contains(name) || canaries_.at(name) != canary)
      base::log_info("certs", "a canary is shown",
                     {{"name", name},
                      {"generation", canary.generation},
                      {"beside", canary.beside},
                      {"share", share_text(canary.share)}});
  for (const auto& [name, canary] : canaries_)
    if (!next.contains(name))
      base::log_info("certs", "a canary is over",
                     {{"name", name}, {"generation", canary.generation}});
  canaries_ = std::move(next);
  canary_pairs_ = pairs;
  view_ = view_->with_canaries(std::move(pairs));
  return true;
}

bool StoreFollower::poll(base::MonoTime now) {
  std::array<char, 4096> ignored{};
  while (inotify_ >= 0 && ::read(inotify_, ignored.data(), ignored.size()) > 0) {
  }
  const bool is_time = now >= next_look_;
  read_news(now);
  read_challenges_anew();
  bool has_changed = false;
  for (std::size_t i = 0; i < options_.changes_per_poll && !waiting_.empty(); ++i) {
    const std::string name = *waiting_.begin();
    waiting_.erase(waiting_.begin());
    has_changed = take_over(name) || has_changed;
  }
  if (is_time) has_changed = rebase() || has_changed;
  read_canaries_anew();
  if (!wanted_canaries_.empty() || !canaries_.empty())
    has_changed = settle_canaries() || has_changed;
  return has_changed;
}

}  // namespace ravelin::certs
