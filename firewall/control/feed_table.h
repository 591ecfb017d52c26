// What the feeds of a policy hold, from their files: read again when a file has changed, the last
// good contents kept when it cannot be read, judged stale by the policy's own words. The state
// directory has a copy of them for the next process. Blocks on the disk; one thread.
#pragma once

#include "firewall/control/keeper.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ravelin::firewall {

class FeedTable final : public FeedSource {
 public:
  FeedTable(const Times& times, StateDir& state) : times_(times), state_(state) {}

  // The contents now. A file that cannot be read, or not be the list it was, leaves the last good
  // ones, as does one older than max_age with `on_stale: keep`; with `drop` they are empty then,
  // with `fail` it is an error. None: never read well, by no process; with `fail` an error.
  Result<std::optional<FeedBlocks>> blocks(const policies::Feed& feed) override;
  std::optional<FeedBlocks> last_known(const policies::Feed& feed) override;
  [[nodiscard]] std::string trouble_with(const policies::Feed& feed) const override;
  [[nodiscard]] bool is_due(const policies::Feed& feed) const override;

  struct Status {
    std::string name;
    std::uint64_t entries = 0;
    sys_seconds written{};  // the file; 0: never read well
    std::string error;      // of the last reading; empty: it was good
  };

  [[nodiscard]] std::vector<Status> status() const;

 private:
  struct Kept {
    std::string stamp;  // of the file when it was read last: what tells that it changed
    std::chrono::nanoseconds looked_at{0};  // since the boot
    std::optional<FeedBlocks> blocks;
    Status status;
  };

  Kept& kept_of(const policies::Feed& feed);
  void refresh(const policies::Feed& feed, Kept& kept);
  void save(const policies::Feed& feed, const Kept& kept);

  const Times& times_;
  StateDir& state_;
  std::map<std::string, Kept, std::less<>> feeds_;  // by name
};

}  // namespace ravelin::firewall
