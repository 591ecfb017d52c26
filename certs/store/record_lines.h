// Files of one record a line that only grow: what is in them when append() returns stays in them. A
// line that a crash cut off counts as never written. Whoever holds a file's lock (flock) may move
// another over it. Blocks on the disk.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

using base::Result;

inline constexpr std::size_t kRecordBytesMax = std::size_t{64} * 1024;
inline constexpr std::size_t kRecordFileBytesMax = std::size_t{64} * 1024 * 1024;

// `line` without a line end; the file gets mode 0600. On the disk when it returns. On errors the
// file is as before.
Result<> append_line(const std::string& path, std::string_view line);

// The whole lines; none when there is no such file.
Result<std::vector<std::string>> read_lines(const std::string& path);

}  // namespace ravelin::certs
