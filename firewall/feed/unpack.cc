#include "firewall/feed/unpack.h"

#include "base/check.h"

#include <zlib.h>

#include <array>

namespace ravelin::firewall::feed {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;
constexpr std::size_t kPieceBytes = 65536;

base::Error damaged() {
  return base::fail(base::Errc::invalid, "is not gzip, or damaged");
}

}  // namespace

struct Unpacker::Stream {
  z_stream zlib{};

  Stream() { CHECK(inflateInit2(&zlib, kGzipOnly) == Z_OK); }

  ~Stream() { inflateEnd(&zlib); }

  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  Stream(Stream&&) = delete;
  Stream& operator=(Stream&&) = delete;
};

Unpacker::Unpacker(std::uint64_t unpacked_bytes_max)
    : stream_(std::make_unique<Stream>()), unpacked_bytes_max_(unpacked_bytes_max) {}

Unpacker::~Unpacker() = default;
Unpacker::Unpacker(Unpacker&&) noexcept = default;
Unpacker& Unpacker::operator=(Unpacker&&) noexcept = default;

base::Result<> Unpacker::add(std::string_view packed, const Sink& sink) {
  z_stream& zlib = stream_->zlib;
  // zlib only reads it.
  zlib.next_in = const_cast<Bytef*>(  // NOLINT(cppcoreguidelines-pro-type-const-cast)
      reinterpret_cast<const Bytef*>(packed.data()));
  zlib.avail_in = static_cast<uInt>(packed.size());
  while (zlib.avail_in != 0) {
    if (is_between_members_ && has_member_ && *zlib.next_in == 0) {  // padding of tapes and blocks
      ++zlib.next_in;
      --zlib.avail_in;
      continue;
    }
    if (auto inflated = inflate_some(sink); !inflated) return inflated;
  }
  return {};
}

base::Result<> Unpacker::inflate_some(const Sink& sink) {
  z_stream& zlib = stream_->zlib;
  std::array<char, kPieceBytes> piece;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  is_between_members_ = false;
  int status = Z_OK;
  do {
    zlib.next_out = reinterpret_cast<Bytef*>(piece.data());
    zlib.avail_out = static_cast<uInt>(piece.size());
    status = inflate(&zlib, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) return damaged();
    const std::size_t unpacked = piece.size() - zlib.avail_out;
    unpacked_bytes_ += unpacked;
    if (unpacked_bytes_ > unpacked_bytes_max_)
      return base::fail(base::Errc::invalid, "unpacks to more than {} bytes", unpacked_bytes_max_);
    if (unpacked != 0) {
      if (auto taken = sink({piece.data(), unpacked}); !taken) return taken;
    }
  } while (zlib.avail_out == 0 && status == Z_OK);
  if (status == Z_STREAM_END) {
    is_between_members_ = has_member_ = true;
    if (inflateReset(&zlib) != Z_OK) return damaged();
  }
  return {};
}

base::Result<> Unpacker::finish() const {
  if (is_between_members_ && has_member_) return {};
  return base::fail(base::Errc::invalid, "breaks off: the gzip data has no end");
}

}  // namespace ravelin::firewall::feed
