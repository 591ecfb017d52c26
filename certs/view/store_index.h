// The index of a store on the disk: mapped by gateways, made again when much has been published
// (store_upkeep.h). The file of the names says which file of keys is its own, so that moving it
// into place takes over both. Blocks on the disk: never on a worker's thread.
#pragma once

#include "certs/store/store_dir.h"
#include "certs/view/store_view.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ravelin::certs {

std::string public_index(const StorePaths& paths);
std::string key_index(const StorePaths& paths, std::uint64_t build_id);

// Maps it, its keys only if they are read here. Errors: Errc::not_found; Errc::invalid: damaged, or
// files that do not belong together.
Result<std::shared_ptr<const SharedIndex>> open_index(const StorePaths& paths,
                                                      std::uint64_t first_id,
                                                      KeyReading keys = KeyReading::here);

// An index holds what was not revoked when it was made.
bool is_older_than_revocations(const StorePaths& paths);

struct IndexReport {
  std::size_t certificates = 0;
  std::vector<std::string> left_out;  // "name: why"; they are looked at again by each gateway
};

// Asked after each few certificates: false gives it up, and may take its time.
using GoOn = std::function<bool()>;

// Makes it from the generations that are served now, a few in memory at a time. The old one is
// there until the new one is whole, whatever happens. Errors: Errc::conflict, another process is at
// it, or it was given up.
Result<IndexReport> rebuild_index(const StoreDir& store, const GoOn& go_on = {});

}  // namespace ravelin::certs
