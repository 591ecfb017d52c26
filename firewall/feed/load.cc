#include "firewall/feed/load.h"

#include "base/handle.h"
#include "base/io/owned_fd.h"
#include "firewall/feed/unpack.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <optional>

namespace ravelin::firewall::feed {
namespace {

using base::Errc;
using base::Result;
using File = base::Handle<std::FILE, std::fclose>;

constexpr std::size_t kReadBytes = 65536;

Result<File> open_file(const std::string& path) {
  // A FIFO would wait for somebody who writes to it.
  base::OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));

  struct stat status {};

  if (!fd.is_open() || ::fstat(fd.get(), &status) != 0) return base::fail_errno(errno, path);
  if (!S_ISREG(status.st_mode)) return base::fail(Errc::invalid, "{}: is not a file", path);
  File file(::fdopen(fd.get(), "rb"));
  if (!file) return base::fail_errno(errno, path);
  static_cast<void>(fd.release());
  return file;
}

// The name of the file in front, unless the message has a place already.
base::Error named(base::Error error, const std::string& path) {
  if (error.pos) return error;
  error.pos = base::SourcePos{path, 0, 0};
  return error;
}

Result<> read_pieces(std::FILE* file, std::uint64_t bytes_max, const Unpacker::Sink& sink) {
  std::string buffer(kReadBytes, '\0');
  std::uint64_t bytes = 0;
  for (;;) {
    const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), file);
    if (got == 0) break;
    bytes += got;
    if (bytes > bytes_max) return base::fail(Errc::invalid, "is larger than {} bytes", bytes_max);
    if (auto taken = sink(std::string_view(buffer).substr(0, got)); !taken) return taken;
  }
  if (std::ferror(file) != 0) return base::fail_errno(errno, "reading");
  return {};
}

Result<> read_into(FeedParser& parser, std::FILE* file, const policies::Feed& feed,
                   const FeedLimits& limits) {
  const Unpacker::Sink parse = [&](std::string_view piece) { return parser.add(piece); };
  if (!feed.file.ends_with(".gz")) return read_pieces(file, limits.file_bytes_max, parse);
  Unpacker unpacker(limits.unpacked_bytes_max);
  const auto unpack = [&](std::string_view piece) { return unpacker.add(piece, parse); };
  if (auto read = read_pieces(file, limits.file_bytes_max, unpack); !read) return read;
  return unpacker.finish();
}

}  // namespace

Result<FeedContents> load_feed(const policies::Feed& feed, std::uint64_t entries_before,
                               const FeedLimits& limits) {
  Result<File> file = open_file(feed.file);
  if (!file) return file.error();
  FeedParser parser({feed.file, feed.format, feed.entries_max, entries_before == 0, feed.never});
  if (auto read = read_into(parser, file->get(), feed, limits); !read)
    return named(read.error(), feed.file);
  Result<FeedContents> contents = std::move(parser).finish();
  if (!contents) return named(contents.error(), feed.file);
  return contents;
}

}  // namespace ravelin::firewall::feed
