// OverridesFile: the operator's orders on the disk, for the next start. Read at the start and again
// before every change, so that what somebody else wrote there is not lost. The control thread.
#pragma once

#include "base/result.h"
#include "gateway/discovery/overrides.h"

#include <sys/types.h>

#include <string>
#include <vector>

namespace ravelin::gateway {

class OverridesFile {
 public:
  // `path`: "" = there is none, nothing can be saved. `owners`: who may own the file besides root
  // and the effective user.
  explicit OverridesFile(std::string path, std::vector<uid_t> owners = {})
      : path_(std::move(path)), owners_(std::move(owners)) {}

  // What the file holds; a file that is not there holds nothing. Error: it cannot be read, is
  // broken (all mistakes with their places), too large, or somebody else may write to it.
  base::Result<OverrideSet> read();

  // Changes what the file holds: with mode 0600, atomically, never a mixture. Error: as read(), or
  // there is no path (unavailable), or it cannot be written; the file is as it was.
  base::Result<void> save(const OverrideEdits& edits);

  // What it held when it was last read or saved.
  [[nodiscard]] const OverrideSet& saved() const { return saved_; }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::vector<uid_t> owners_;
  OverrideSet saved_;
};

}  // namespace ravelin::gateway
