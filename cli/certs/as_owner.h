// What root does in another user's folder, it does as that user: what it writes there, the user can
// read afterwards.
#pragma once

#include "base/result.h"

#include <sys/types.h>

#include <string>

namespace ravelin::cli {

class AsOwner {
 public:
  // Changes the effective user and group to those of `path`, or of the nearest folder above it that
  // is there; there is no core dump from then on. Does nothing unless we are root and it belongs to
  // someone else. Errors: the kernel refuses. The whole process changes: one of these at a time.
  static base::Result<AsOwner> of(const std::string& path);

  AsOwner(AsOwner&& other) noexcept;
  AsOwner& operator=(AsOwner&&) = delete;
  ~AsOwner();  // root again

 private:
  AsOwner(bool is_changed, gid_t group) : is_changed_(is_changed), group_(group) {}

  bool is_changed_;
  gid_t group_;  // of before
};

}  // namespace ravelin::cli
