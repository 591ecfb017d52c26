#include "firewall/control/feed_table.h"

#include "base/io/log.h"
#include "firewall/control/feed_copy.h"
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

std::optional<FeedBlocks> nothing() {
  static const FeedBlocks empty = blocks_of({});
  return empty;
}

std::string feed_file(const std::string& name) {
  return "feeds/" + name;
}

// All that changes when a file is written or replaced.
std::string stamp_of(const struct stat& status) {
  return fmt::format("{}:{}:{}:{}.{}", status.st_dev, status.st_ino, status.st_size,
                     status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

}  // namespace

// The first time with what the process before this one had.
FeedTable::Kept& FeedTable::kept_of(const policies::Feed& feed) {
  const auto there = feeds_.find(feed.name);
  if (there != feeds_.end()) return there->second;
  Kept& kept = feeds_[feed.name];
  kept.status.name = feed.name;
  const auto text = state_.read(feed_file(feed.name), kFeedCopyBytesMax);
  if (!text || !*text) return kept;
  auto copy = parse_feed_copy(**text);
  if (!copy || copy->identity != feed_identity(feed)) return kept;
  for (const auto& block : copy->blocks)
    kept.status.entries += block->count();
  kept.status.written = copy->written;
  kept.blocks = std::move(copy->blocks);
  return kept;
}

void FeedTable::save(const policies::Feed& feed, const Kept& kept) {
  if (!state_.may_write()) return;
  std::string text = format_feed_copy({feed_identity(feed), kept.status.written, *kept.blocks});
  const auto saved = text.size() > kFeedCopyBytesMax
                         ? Result<>(base::fail(base::Errc::unavailable, "it is too long"))
                         : state_.keep_feed(feed.name, text);
  if (!saved)
    base::log_warn("firewall", "no copy of a feed is kept: a start without its file has none of it",
                   {{"feed", feed.name}, {"reason", saved.error().message}});
}

void FeedTable::refresh(const policies::Feed& feed, Kept& kept) {
  struct stat status {};

  if (::stat(feed.file.c_str(), &status) != 0) {
    kept.status.error = base::fail_errno(errno, "looking at " + feed.file).message;
    kept.stamp.clear();
    return;
  }
  // What the policy takes out of it counts as part of the file.
  std::string stamp =
      fmt::format("{} {} {}", stamp_of(status), feed.entries_max, feed_identity(feed));
  if (stamp == kept.stamp) return;
  kept.stamp = std::move(stamp);  // a bad one is not read again before it changes
  auto contents = feed::load_feed(feed, kept.status.entries);
  if (!contents) {
    kept.status.error = base::to_string(contents.error());
    if (contents.error().code != base::Errc::invalid) kept.stamp.clear();  // it was not the file
    return;
  }
  kept.status.entries = contents->entries();
  kept.status.written = sys_seconds(seconds(status.st_mtim.tv_sec));
  kept.status.error.clear();
  kept.blocks = blocks_of(std::move(*contents));
  save(feed, kept);
}

Result<std::optional<FeedBlocks>> FeedTable::blocks(const policies::Feed& feed) {
  using OnStale = policies::Feed::OnStale;
  Kept& kept = kept_of(feed);
  kept.looked_at = times_.boot().since_boot;
  refresh(feed, kept);
  const bool was_read = kept.blocks.has_value();
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

std::string FeedTable::trouble_with(const policies::Feed& feed) const {
  const auto kept = feeds_.find(feed.name);
  if (kept == feeds_.end() || kept->second.status.error.empty()) return {};
  return kept->second.status.error + (kept->second.blocks
                                          ? "; what was read last is used"
                                          : "; it was never read well, and matches nobody");
}

bool FeedTable::is_due(const policies::Feed& feed) const {
  const auto kept = feeds_.find(feed.name);
  return kept == feeds_.end() || times_.boot().since_boot - kept->second.looked_at >= feed.refresh;
}

std::optional<FeedBlocks> FeedTable::last_known(const policies::Feed& feed) {
  return kept_of(feed).blocks;
}

std::vector<FeedTable::Status> FeedTable::status() const {
  std::vector<Status> list;
  for (const auto& [name, kept] : feeds_)
    list.push_back(kept.status);
  return list;
}

}  // namespace ravelin::firewall
