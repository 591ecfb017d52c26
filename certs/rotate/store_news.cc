#include "certs/rotate/store_news.h"

#include "base/clock.h"

#include <sys/stat.h>

namespace ravelin::certs {

Result<> StoreNews::list(Since& since) {
  struct stat status {};

  if (::stat(store_.paths().all().c_str(), &status) != 0)
    return base::fail_errno(errno, "looking at " + store_.paths().all());
  const FileStamp stamp = stamp_of(status);
  if (stamp == folder_ && !since.all) return {};
  auto names = store_.names();
  if (!names) return names.error();
  since.listing = std::move(*names);
  // A folder that has just changed may change again within what its time can tell.
  constexpr std::int64_t kSettled = 2'000'000'000;
  const std::int64_t now = base::wall_now().time_since_epoch().count();
  folder_ = now - stamp.modified_ns > kSettled ? stamp : FileStamp{};
  return {};
}

// Where the journal stands first, then the files: what changes in between is looked at again.
Result<StoreNews::Since> StoreNews::take() {
  auto news = read_journal(store_.paths().journal(), place_);
  if (!news) return news.error();
  auto revoked = store_.revoked_keys();
  if (!revoked) return revoked.error();
  auto serials = revoked_serials(store_.paths());
  if (!serials) return serials.error();
  Since since{.all = is_first_ || news->is_another || *revoked != revoked_ || *serials != serials_};
  if (auto listed = list(since); !listed) return listed.error();
  is_first_ = false;
  place_ = news->place;
  revoked_ = std::move(*revoked);
  serials_ = std::move(*serials);
  since.names = open_;
  for (const JournalLine& line : news->lines) {
    since.names.insert(line.name);
    if (line.event == JournalEvent::begin)
      open_.insert(line.name);
    else
      open_.erase(line.name);
  }
  return since;
}

}  // namespace ravelin::certs
