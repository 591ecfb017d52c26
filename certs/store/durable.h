// Steps on the disk that survive a crash: each is there in full when its function has returned, or
// not at all. Blocks on the disk; knows nothing of certificates.
#pragma once

#include "base/result.h"

#include <sys/types.h>

#include <string>
#include <string_view>

namespace ravelin::certs {

using base::Result;

// Mode 0700. No error when it is there already.
Result<> make_folder(const std::string& path);

// A new file of exactly this mode; error when there is one, or a link in its place.
Result<> write_new_file(const std::string& path, std::string_view content, mode_t mode);

// What was made, renamed or removed in the folder is on the disk.
Result<> sync_folder(const std::string& path);

// Moves a file, folder or link within one file system, over a file or link that is there.
Result<> move_to(const std::string& from, const std::string& to);

// `link` points to `target` from here on, in one step; what it pointed to before is untouched.
Result<> point_link(const std::string& link, const std::string& target);

// A folder with all below it; none there is no error.
Result<> remove_folder(const std::string& path);

}  // namespace ravelin::certs
