// FileSource: the servers one file names for one pool, read again whenever the file has changed.
// What cannot be used, a half-written file above all, is reported once and the last good list
// stays. The control thread; reads the file, so never a worker's.
#pragma once

#include "certs/file.h"
#include "gateway/config/pool_config.h"
#include "gateway/tls/settling.h"

#include <optional>
#include <string>
#include <vector>

namespace ravelin::gateway {

// Quicker than certificates: a file of servers is written to be followed.
inline constexpr WatchTiming kServersFileTiming{.quiet = std::chrono::milliseconds(200),
                                                .quiet_max = std::chrono::seconds(5),
                                                .look_every = std::chrono::seconds(5)};

class FileSource {
 public:
  // Of a pool with `discover.file`; reads what is there. Where that cannot be used, the last good
  // list that `before` read from the same file stays, as this pool takes it; null: none before.
  FileSource(const PoolConfig& pool, base::MonoTime now, const FileSource* before = nullptr,
             const WatchTiming& timing = kServersFileTiming);

  // The last good list; empty as long as there has been none.
  [[nodiscard]] const std::vector<ServerConfig>& servers() const { return servers_; }

  [[nodiscard]] const std::string& path() const { return pool_.discover->file->path; }

  // Something happened to the file.
  void on_event(base::MonoTime now) { settling_.on_event(now); }

  [[nodiscard]] bool is_due(base::MonoTime now) const { return settling_.is_due(now); }

  // Looks where no event comes, and reads what is due. True: servers() is another list.
  bool tick(base::MonoTime now);

  // Whether another pool's source would read the same, in the same way.
  [[nodiscard]] bool serves(const PoolConfig& pool) const;

  // Why the file is not what servers() holds; "" = it is.
  [[nodiscard]] const std::string& broken_because() const { return broken_because_; }

 private:
  bool read();
  void inherit(const FileSource& before);
  void refuse(std::string because);

  PoolConfig pool_;  // without its servers
  WatchTiming timing_;
  Settling settling_;
  base::MonoTime next_look_;
  certs::FileStamp stamp_;
  std::vector<ServerConfig> servers_;
  std::optional<std::string> good_text_;  // what servers_ was read from; none: never
  std::string broken_because_;
};

}  // namespace ravelin::gateway
