// The index of a store on the disk: mapped by gateways, made again by whoever publishes much.
// Blocks on the disk: never on a worker's thread.
#pragma once

#include "certs/store/store_dir.h"
#include "certs/view/store_view.h"

#include <memory>
#include <string>
#include <vector>

namespace ravelin::certs {

std::string public_index(const StorePaths& paths);
std::string key_index(const StorePaths& paths);

// Maps it. Errors: Errc::not_found; Errc::invalid: damaged, or files that do not belong together
// (one is being replaced).
Result<std::shared_ptr<const SharedIndex>> open_index(const StorePaths& paths,
                                                      std::uint64_t first_id);

struct IndexReport {
  std::size_t certificates = 0;
  std::vector<std::string> left_out;  // "name: why"; they are looked at again by each gateway
};

// Makes it from the generations that are served now.
Result<IndexReport> rebuild_index(const StoreDir& store);

}  // namespace ravelin::certs
