#include "gateway/discovery/file_source.h"

#include "base/io/file.h"
#include "base/io/log.h"
#include "gateway/config/parse_server.h"
#include "gateway/config/servers_file.h"
#include "gateway/discovery/findings_line.h"
#include "gateway/tls/path_watch.h"

#include <algorithm>

namespace ravelin::gateway {
namespace {

PoolConfig without_servers(const PoolConfig& pool) {
  PoolConfig copy;
  copy.name = pool.name;
  copy.discover = pool.discover;
  copy.proxy_protocol = pool.proxy_protocol;
  copy.agent = pool.agent;
  return copy;
}

}  // namespace

FileSource::FileSource(const PoolConfig& pool, base::MonoTime now, const FileSource* before,
                       const WatchTiming& timing)
    : pool_(without_servers(pool)),
      timing_(timing),
      settling_(timing),
      next_look_(now + timing.look_every) {
  if (before != nullptr && before->path() == path()) inherit(*before);
  read();
}

// What the pool does not take any more (an agent's port where it has no agent) is not inherited.
void FileSource::inherit(const FileSource& before) {
  if (!before.good_text_) return;
  base::Diagnostics diagnostics;
  auto servers = parse_servers_file(*before.good_text_, path(), pool_, diagnostics);
  if (!servers) return;
  servers_ = std::move(*servers);
  good_text_ = before.good_text_;
}

bool FileSource::serves(const PoolConfig& pool) const {
  const auto agent_port = [](const PoolConfig& one) { return one.agent ? one.agent->port : -1; };
  return pool.discover && pool.discover->file && pool.discover->file->path == path() &&
         pool.discover->servers_max == pool_.discover->servers_max &&
         pool.proxy_protocol == pool_.proxy_protocol && agent_port(pool) == agent_port(pool_);
}

bool FileSource::tick(base::MonoTime now) {
  if (now >= next_look_) {
    next_look_ = now + timing_.look_every;
    if (certs::stamp_at(path()) != stamp_) on_event(now);
  }
  if (!settling_.is_due(now)) return false;
  settling_.reset();
  return read();
}

bool FileSource::read() {
  const certs::FileStamp before = certs::stamp_at(path());
  stamp_ = before;
  auto text = base::read_file(path(), kServersFileBytesMax);
  if (!text) {
    refuse(text.error().message);
    return false;
  }
  base::Diagnostics diagnostics;
  auto servers = parse_servers_file(*text, path(), pool_, diagnostics);
  // Written to while it was read: what comes next is read, too.
  if (certs::stamp_at(path()) != before) stamp_ = {};
  if (!servers) {
    refuse(findings_line(diagnostics));
    return false;
  }
  if (!broken_because_.empty()) {
    broken_because_.clear();
    base::log_info("discovery", "the file of servers is good again",
                   {{"pool", pool_.name}, {"file", path()}});
  }
  const bool is_same = std::ranges::equal(*servers, servers_, is_same_server);
  servers_ = std::move(*servers);
  good_text_ = std::move(*text);
  return !is_same;
}

void FileSource::refuse(std::string because) {
  if (because == broken_because_) return;
  broken_because_ = std::move(because);
  base::log_warn("discovery",
                 servers_.empty() ? "the file of servers is not used; the pool is without them"
                                  : "the file of servers is not used; the last good list stays",
                 {{"pool", pool_.name},
                  {"file", path()},
                  {"servers", servers_.size()},
                  {"reason", broken_because_}});
}

}  // namespace ravelin::gateway
