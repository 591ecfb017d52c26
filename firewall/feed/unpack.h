// gzip, piece by piece, with a limit on what comes out: a feed of a few kilobytes may unpack to
// gigabytes. Pure but for memory; any thread.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace ravelin::firewall::feed {

class Unpacker {
 public:
  using Sink = std::function<base::Result<>(std::string_view)>;

  explicit Unpacker(std::uint64_t unpacked_bytes_max);
  ~Unpacker();
  Unpacker(Unpacker&&) noexcept;
  Unpacker& operator=(Unpacker&&) noexcept;

  // Gives what it unpacks to `sink`, whose error ends it. Members may follow one another, and zero
  // bytes the last. Errors: not gzip, damaged, too much.
  base::Result<> add(std::string_view packed, const Sink& sink);

  // Error: the file breaks off.
  [[nodiscard]] base::Result<> finish() const;

 private:
  struct Stream;

  base::Result<> inflate_some(const Sink& sink);

  std::unique_ptr<Stream> stream_;
  std::uint64_t unpacked_bytes_max_;
  std::uint64_t unpacked_bytes_ = 0;
  bool is_between_members_ = true;
  bool has_member_ = false;
};

}  // namespace ravelin::firewall::feed
