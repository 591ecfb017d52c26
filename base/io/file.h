// Whole files: read with a size limit, replaced atomically. Blocks on the disk, so never on a
// worker thread. Knows nothing about what the bytes mean.
#pragma once

#include "base/result.h"

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::base {

// The bytes of a regular file (or of a device, or a pipe handed on). Errors name the path:
// not_found, denied, io; invalid for a directory, a FIFO on the disk, more than `bytes_max` bytes.
Result<std::string> read_file(const std::string& path, std::size_t bytes_max);

// Puts `content` at `path`, with exactly the permission bits `mode` whatever the umask: a temporary
// file beside it is written, fsynced and renamed over it, then the directory is fsynced. On any
// error before the rename the old file is untouched and the temporary one gone; readers see the old
// bytes or the new ones, never a mixture. A symbolic link at `path` is replaced, not followed.
Result<> replace_file(const std::string& path, std::string_view content, mode_t mode);

// The regular files and links that match a shell pattern (* ? [a-z], no ~ and no braces), sorted
// bytewise. No match is an empty list, not an error.
Result<std::vector<std::string>> glob_files(const std::string& pattern);
bool is_glob(std::string_view path);

// `path` itself when absolute, else beside `file`; "." and ".." removed lexically.
std::string beside(std::string_view file, std::string_view path);

}  // namespace ravelin::base
