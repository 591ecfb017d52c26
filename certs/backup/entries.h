// The text of a backup: folders, files and links of a store one after the other, as bytes that come
// in pieces. Nothing of it leaves the store's folder, whatever the bytes say. Pure; any thread.
//   entry  kind (1 byte), mode (2), length of its path (2), of its content (8), path, content; big
//          endian. Folders come before what is in them. The content of a link is its target.
//   end    an entry of kind 0 without a path; in place of a length of content how many came before
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ravelin::certs {

using base::Result;

enum class EntryKind : std::uint8_t { end, folder, file, link };

struct BackupEntry {
  EntryKind kind = EntryKind::end;
  std::uint16_t mode = 0;   // permission bits; 0 of links
  std::string path;         // below the store: "gateway/certs/www.example.test/want.json"
  std::uint64_t bytes = 0;  // of the content

  friend bool operator==(const BackupEntry&, const BackupEntry&) = default;
};

inline constexpr std::size_t kEntryHeadBytes = 1 + 2 + 2 + 8;
inline constexpr std::size_t kEntryPathMax = 1024;
inline constexpr std::uint64_t kEntryBytesMax = std::uint64_t{256} * 1024 * 1024;

// Whether a store may have this: a relative path without "." and ".." that goes through no link;
// folders and files of their owner alone (files may be readable); links only those that say which
// generation of a certificate is served, and only to one of its own.
Result<> check_entry(const BackupEntry& entry);
// The target of a link, which is its content.
Result<> check_target(std::string_view target);

// Made again by those who need it: locks, the index, the journal, challenges, caches.
bool is_left_out(std::string_view path);

// The folder of certificates, and that of their keys; in each a folder for every certificate.
inline constexpr std::string_view kCertificateFolder = "gateway/certs";
inline constexpr std::string_view kKeyFolder = "private/keys";

std::string format_entry_head(const BackupEntry& entry);  // with its path

// Takes the bytes of a backup as they come.
class EntryReader {
 public:
  // What was read; each returns an error to end the reading.
  class Sink {
   public:
    Sink() = default;
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;
    virtual ~Sink() = default;
    // Checked. What follows until the next is its content, for files.
    virtual Result<> begin(const BackupEntry& entry) = 0;
    virtual Result<> content(std::string_view bytes) = 0;
    virtual Result<> link(const BackupEntry& entry, const std::string& target) = 0;
    virtual Result<> end_file() = 0;
  };

  explicit EntryReader(Sink& sink) : sink_(sink) {}

  Result<> take(std::string_view bytes);

  // Error: it was cut off.
  [[nodiscard]] Result<> finish() const;

  [[nodiscard]] std::uint64_t entries() const { return entries_; }

 private:
  bool take_head(std::string_view& bytes);
  Result<> begin();
  Result<> take_content(std::string_view& bytes);

  Sink& sink_;
  std::string head_;  // of the entry, as far as it has come
  BackupEntry entry_;
  std::string target_;      // of a link, as far as it has come
  std::uint64_t left_ = 0;  // of the content
  bool is_inside_ = false;  // content of entry_ is to come
  bool is_done_ = false;
  std::uint64_t entries_ = 0;
};

}  // namespace ravelin::certs
