#include "firewall/control/feed_table.h"

#include "firewall/feed/load.h"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace ravelin::firewall {
namespace {

std::shared_ptr<const KeyBlock> share(KeyBlock block) {
  return std::make_shared<const KeyBlock>(std::move(block));
}

FeedBlocks blocks_of(feed::FeedContents contents) {
  return {share(std::move(contents.hosts4)), share(std::move(contents.nets4)),
          share(std::move(contents.hosts6)), share(std::move(contents.nets6))};
}

const FeedBlocks& nothing() {
  static const FeedBlocks empty = blocks_of({});
  return empty;
}

// All that changes when a file is written or replaced.
std::string stamp_of(const struct stat& status) {
  return fmt::format("{}:{}:{}:{}.{}", status.st_dev, status.st_ino, status.st_size,
                     status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

}  // namespace

void FeedTable::refresh(const policies::Feed& feed, Kept& kept) const {
  struct stat status {};

  if (::stat(feed.file.c_str(), &status) != 0) {
    kept.status.error = base::fail_errno(errno, "looking at " + feed.file).message;
    return;
  }
  // What the policy takes out of it counts as part of the file.
  std::string stamp = stamp_of(status);
  for (const policies::AddressRange& range : feed.never)
    stamp += " " + policies::to_string(range);
  if (stamp == kept.stamp) return;
  auto contents = feed::load_feed(feed, kept.status.entries);
  if (!contents) {
    kept.status.error = base::to_string(contents.error());
    return;
  }
  kept.stamp = std::move(stamp);
  kept.status.entries = contents->entries();
  kept.status.written = sys_seconds(seconds(status.st_mtim.tv_sec));
  kept.status.error.clear();
  kept.blocks = blocks_of(std::move(*contents));
}

Result<FeedBlocks> FeedTable::blocks(const policies::Feed& feed) {
  using OnStale = policies::Feed::OnStale;
  Kept& kept =
      feeds_.try_emplace(feed.name, Kept{{}, nothing(), {.name = feed.name}}).first->second;
  refresh(feed, kept);
  const bool was_read = !kept.stamp.empty();
  const bool is_stale =
      was_read && feed.age_max.count() != 0 && times_.wall() - kept.status.written > feed.age_max;
  if (feed.on_stale == OnStale::fail && (!was_read || is_stale)) {
    const std::string why =
        is_stale ? fmt::format("{} is older than max_age", feed.file) : kept.status.error;
    base::Error error = base::fail(base::Errc::invalid, "feed \"{}\": {}", feed.name, why);
    error.pos = feed.pos;
    return error;
  }
  return is_stale && feed.on_stale == OnStale::drop ? nothing() : kept.blocks;
}

std::optional<FeedBlocks> FeedTable::last_known(const policies::Feed& feed) {
  const auto kept = feeds_.find(feed.name);
  if (kept == feeds_.end() || kept->second.stamp.empty()) return std::nullopt;
  return kept->second.blocks;
}

std::vector<FeedTable::Status> FeedTable::status() const {
  std::vector<Status> list;
  for (const auto& [name, kept] : feeds_)
    list.push_back(kept.status);
  return list;
}

}  // namespace ravelin::firewall
