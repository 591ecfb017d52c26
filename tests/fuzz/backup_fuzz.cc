// What a backup holds, any bytes in pieces of any size: refused, or every path stays below the
// store, nothing is open to others, and links point to generations. The first byte says how large
// pieces are. The head is read of the same bytes.
#include "base/check.h"
#include "certs/backup/entries.h"
#include "certs/backup/seal.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ravelin::certs {
namespace {

class Checked final : public EntryReader::Sink {
 public:
  Result<> begin(const BackupEntry& entry) override {
    CHECK(!is_open_);
    check_path(entry);
    is_open_ = entry.kind == EntryKind::file;
    left_ = entry.bytes;
    return {};
  }

  Result<> content(std::string_view bytes) override {
    CHECK(is_open_ && bytes.size() <= left_);
    left_ -= bytes.size();
    return {};
  }

  Result<> link(const BackupEntry& entry, const std::string& target) override {
    CHECK(!is_open_);
    check_path(entry);
    CHECK(target.starts_with("gen/") && target.find("..") == std::string::npos &&
          target.find('/', 4) == std::string::npos);
    return {};
  }

  Result<> end_file() override {
    CHECK(is_open_ && left_ == 0);
    is_open_ = false;
    return {};
  }

 private:
  static void check_path(const BackupEntry& entry) {
    const std::string path = "/" + entry.path + "/";
    CHECK(path.find("//") == std::string::npos && path.find("/../") == std::string::npos &&
          path.find("/./") == std::string::npos && path.find('\0') == std::string::npos);
    CHECK((entry.mode & 07022U) == 0);
  }

  bool is_open_ = false;
  std::uint64_t left_ = 0;
};

void run(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::size_t piece = 1 + static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  Checked sink;
  EntryReader reader(sink);
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    if (!reader.take(bytes.substr(at, piece))) return;
  static_cast<void>(reader.finish().has_value());
}

}  // namespace
}  // namespace ravelin::certs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ravelin::certs::run(bytes);
  // Only what is refused before the passphrase is put to work.
  if (size >= ravelin::certs::kFrameHeadBytes)
    static_cast<void>(
        ravelin::certs::SealKey::read_frame_head(bytes.substr(0, ravelin::certs::kFrameHeadBytes))
            .has_value());
  return 0;
}
